// How the cost of a keystroke grows with the file and with the number of open files: the same keystrokes in a file of 50 lines
// and in one of 20,000, with 1 and with 30 files open, through `foretoken replay`.
//
//   npm run build && node scripts/bench/costGrowth.mjs [OPTIONS OF replay, such as --device cpu]
//
// The lines around the cursor are the same in all four, so that the model has the same to read; only what the editor's side has
// to look through grows. Memory is what the caches of documents hold at the end, of which the setting is the limit.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runScript } from '../setUp.mjs';

const SAMPLE = join(root, 'test/fixtures/code/typescript/bookingService.ts');
const SMALL_LINES = 50;
const LARGE_LINES = 20_000;
const OPEN_FILES = [1, 30];
/** Slow enough that most keystrokes are answered, which is what is compared. */
const INTERVAL_MS = 1500;
const TYPED = '  const remaining = this.bookings.filter((booking) => !booking.cancelled);\n  return remaining.length;';

await runScript(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'foretoken-growth-'));
  try {
    const rows = [];
    for (const lines of [SMALL_LINES, LARGE_LINES]) {
      for (const openFiles of OPEN_FILES) {
        const trace = join(folder, `${lines}-${openFiles}.jsonl`);
        writeFileSync(trace, makeTrace(lines, openFiles));
        rows.push({ lines, openFiles, ...replay(trace) });
        process.stderr.write(`${lines} lines, ${openFiles} open: done\n`);
      }
    }
    process.stdout.write(`${table(rows).join('\n')}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function replay(trace) {
  const cli = join(root, 'dist/cli.js');
  const output = execFileSync(process.execPath, [cli, 'replay', '--json', '--trace', trace, ...process.argv.slice(2)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(output);
}

/** The sample's first lines with a gap in their middle, and as many others above and below as are missing. */
function makeTrace(lines, openFiles) {
  const near = readFileSync(SAMPLE, 'utf8').split('\n').slice(0, SMALL_LINES);
  const missing = (lines - SMALL_LINES) / 2;
  const before = [...filler(missing, 'above'), ...near.slice(0, SMALL_LINES / 2), ''].join('\n');
  const after = ['', ...near.slice(SMALL_LINES / 2), ...filler(missing, 'below')].join('\n');
  const others = Array.from({ length: openFiles - 1 }, (_, index) => ({
    path: `other${index}.ts`,
    language: 'typescript',
    initial: filler(400, `other${index}`).join('\n'),
    open: true,
  }));
  const edits = Array.from(TYPED, (inserted, index) => ({
    t: index * INTERVAL_MS,
    offset: before.length + index,
    deleted: 0,
    inserted,
  }));
  const file = { path: 'edited.ts', language: 'typescript', initial: before + after };
  return [file, ...others, ...edits].map((row) => JSON.stringify(row)).join('\n');
}

function filler(count, name) {
  return Array.from({ length: count }, (_, line) =>
    line % 4 === 0
      ? `export function ${name}Step${line}(value: number): number {`
      : line % 4 === 3
        ? '}'
        : `  value += ${line} * scale("${name}");`,
  );
}

function table(rows) {
  const [first] = rows;
  const cells = rows.map(({ lines, openFiles, latencyMs, pipelineMs, freshTokens, cacheBytes }) => [
    String(lines),
    String(openFiles),
    milliseconds(latencyMs.p50),
    `${(latencyMs.p50 / first.latencyMs.p50).toFixed(2)}x`,
    milliseconds(latencyMs.p95),
    milliseconds(pipelineMs.p50),
    milliseconds(pipelineMs.p95),
    String(freshTokens.p50),
    `${(cacheBytes / 1e6).toFixed(0)} MB`,
  ]);
  const heading = [
    'lines',
    'open files',
    'p50',
    'of the first',
    'p95',
    'pipeline p50',
    'pipeline p95',
    'fresh',
    'caches',
  ];
  return [heading, heading.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`);
}

function milliseconds(ms) {
  return ms === null ? '-' : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
}
