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
  const { off, auto, theirs, ratio } = figures;
  const row = (name, figure, ratioName, digits) => [
    name,
    ...[off, auto, theirs].map((medians) => medians[figure].toFixed(digits)),
    ...[ratio.off, ratio.auto].map((ratios) => ratios[ratioName].toFixed(2)),
  ];
  return [
    ...table(
      ['medians', 'Foretoken, `off`', 'Foretoken, `auto`', figures.peer, 'gain of `off`', 'gain of `auto`'],
      [
        row('decode, ms/token', 'decodeMsPerToken', 'decode', 1),
        row('completion, ms', 'completionMs', 'completion', 0),
        row('prefill, tokens/s', 'prefillTokensPerSecond', 'prefill', 0),
      ],
    ),
    '',
    `The same GGUF file, prompts, numbers of tokens and ${figures.threads} threads, in turn over ${figures.places} places; ` +
      "a completion is prefill from an empty cache and decoding. A gain is the median of the places' ratios, above 1 where " +
      `Foretoken is faster. Greedy first lines agree at ${percent(figures.firstLineAgreement)} of the places (ours is the ` +
      `GGUF's weights${figures.hasAdapter ? ' with the adapter merged, so others,' : ''} rounded to 8 bits once more); ` +
      `\`auto\` writes what \`off\` writes at ${percent(figures.sameText)}.`,
  ];
}

/** From the document of `foretoken bench --json`. */
export function draftSection({ rows, repeats, maxTokens, methods, unavailable }) {
  const entries = Object.entries(methods);
  const drafting = entries.filter(([method]) => method !== 'off');
  const overall = entries.map(([method, figures]) => [
    `\`${method}\``,
    decimal(figures.tokensPerForward, 2),
    decimal(figures.tokensPerSecond, 1),
    decimal(figures.speedup.median, 2),
    decimal(figures.speedup.geomean, 2),
    decimal(figures.speedupWhole.median, 2),
    percent(figures.identical),
    `${figures.latencyMs.p50.toFixed(0)} (p95 ${figures.latencyMs.p95.toFixed(0)})`,
    Object.values(figures.share).map(percent).join(' / '),
  ]);
  const groups = ['byKind', 'byLanguage'].flatMap((by) =>
    Object.entries(methods.off[by]).map(([name, group]) => [
      name,
      String(group.rows),
      ...drafting.map(([, figures]) => {
        const { speedup, tokensPerForward } = figures[by][name];
        return `${decimal(speedup.median, 2)} (${decimal(tokensPerForward, 2)})`;
      }),
    ]),
  );
  const head = ['', 'tokens/forward', 'tokens/s', 'speed-up', 'geometric mean', 'whole', 'identical', 'ms'];
  const missing = Object.entries(unavailable).map(([method, reason]) => `\`${method}\` was not measured: ${reason}.`);
  return [
    '### Draft methods',
    '',
    ...table([...head, 'prefill / draft / verify / other'], overall),
    '',
    [
      `${rows} places, ${repeats} runs of each method in turn at each, ${maxTokens} tokens at most, exact acceptance. Speed-up ` +
        "over `off` while decoding from a warm cache, median of the places' ratios; *whole*: with the prefill of an empty " +
        'cache; *identical*: places with the text of `off`.',
      ...missing,
    ].join(' '),
    ...(drafting.length === 0
      ? []
      : [
          '',
          ...table(['', 'places', ...drafting.map(([method]) => `\`${method}\`, speed-up (tokens/forward)`)], groups),
        ]),
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

function decimal(value, digits) {
  return value === null ? '–' : value.toFixed(digits);
}

function percent(rate) {
  return rate === null ? '–' : `${(100 * rate).toFixed(0)} %`;
}

function spread({ p50Ms, p95Ms }) {
  return `${p50Ms.toFixed(0)} ms (p95 ${p95Ms.toFixed(0)})`;
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}
