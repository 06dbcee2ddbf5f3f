// The benchmark's figures as text: for the terminal and, dated, for BENCHMARKS.md.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

export function ownTable(start, own) {
  const rows = [
    ['model load', `${start.loadMs.toFixed(0)} ms`, `process start to ready ${start.readyMs.toFixed(0)} ms`],
    [
      'first suggestion in a file',
      spread(own.cold),
      `${own.cold.count} places, prompt of ${own.cold.promptTokens.toFixed(0)} tokens in the median, nothing cached`,
    ],
    [
      'suggestion at a keystroke',
      spread(own.warm),
      `${own.warm.count} keystrokes, ${own.warm.freshTokens.toFixed(0)} new tokens in the median; ${own.warm.replanned} more needed a new prompt`,
    ],
    ['a decode step', `${own.decodeMsPerStep.toFixed(1)} ms`, 'median over completions'],
    ['prefill', `${own.prefillTokensPerSecond.toFixed(0)} tokens/s`, '512 tokens in chunks of 64'],
    ['memory of the worker', `${(own.residentBytes / 1e6).toFixed(0)} MB`, 'resident'],
  ];
  return table(['what', 'figure', 'how'], rows);
}

export function peerTable(figures) {
  const { ours, theirs, ratio } = figures;
  const rows = [
    ['decode, ms/token', ours.decodeMsPerToken.toFixed(1), theirs.decodeMsPerToken.toFixed(1), ratio.decode.toFixed(2)],
    [
      'prefill, tokens/s',
      ours.prefillTokensPerSecond.toFixed(0),
      theirs.prefillTokensPerSecond.toFixed(0),
      ratio.prefill.toFixed(2),
    ],
  ];
  return [
    ...table(['medians', 'Foretoken', figures.peer, 'ratio'], rows),
    '',
    `The same GGUF file, prompts and ${figures.threads} threads, in turn over ${figures.places} places; the ratio is the median of ` +
      `the places' ratios. Greedy first lines agree at ${(100 * figures.firstLineAgreement).toFixed(0)} % of the places ` +
      "(ours is the GGUF's weights rounded to 8 bits once more).",
  ];
}

export function heading(model) {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return (
    `${model.id} ${model.quantization} on ${model.device}, ${model.threads} threads; ${processor}, ${cpus().length} logical cores, ` +
    `${(totalmem() / 1e9).toFixed(0)} GB; ${process.platform} ${process.arch}, Node ${process.versions.node}`
  );
}

/** Adds a dated section to the end of the file. */
export function appendSection(file, lines) {
  if (!existsSync(file)) {
    writeFileSync(file, '# Benchmarks\n\nWritten by `npm run bench -- --write`; newest last.\n');
  }
  const date = new Date().toISOString().slice(0, 10);
  appendFileSync(file, `\n## ${date}\n\n${lines.join('\n')}\n`);
}

function spread({ p50Ms, p95Ms }) {
  return `${p50Ms.toFixed(0)} ms (p95 ${p95Ms.toFixed(0)})`;
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}
