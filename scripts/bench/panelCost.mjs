// What the tuning panel costs the extension host while somebody types: open beside the file, hidden behind another tab, and
// closed, each in a VS Code of its own that is typed into for the same time.
//
//   npm run build && node scripts/bench/panelCost.mjs [--minutes 10]
//
// A trace of `test/fixtures/traces` is played by keys at its own pace, over and over. Processor time is the extension host's own
// (user and system, whatever else the machine does), which holds VS Code's extensions too; a block is the time its event loop
// stood still. What the panel's page costs the window is not in it. Pictures of each state go to out/host.

import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { tsImport } from 'tsx/esm/api';
import { note, root, runScript } from '../setUp.mjs';

const TRACE = join(root, 'test/fixtures/traces/python-function.jsonl');
const FILE = 'log_summary.py';
const STATES = ['closed', 'open', 'hidden'];
const SETTINGS = {
  'editor.autoClosingBrackets': 'never',
  'editor.autoClosingQuotes': 'never',
  'editor.autoIndent': 'none',
};

await runScript(async () => {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
  const minutes = Number(values.minutes);
  const [{ openHostSession }, { readTrace }] = await Promise.all([
    tsImport('../../test/host/support/hostSession.ts', import.meta.url),
    tsImport('../../src/cli/replayTrace.ts', import.meta.url),
  ]);
  const trace = await readTrace(TRACE);
  const rows = [];
  for (const state of STATES) {
    note(`${minutes} minutes of typing, the panel ${state}`);
    const session = await openHostSession({
      settings: SETTINGS,
      fill: (workspace) => writeFileSync(join(workspace, FILE), trace.files[0].initial),
    });
    try {
      rows.push({ state, ...(await measure(session.editor, trace, state, minutes)) });
    } finally {
      await session.close();
    }
    note(JSON.stringify(rows.at(-1)));
  }
  process.stdout.write(`${table(rows, minutes).join('\n')}\n`);
});

async function measure(editor, trace, state, minutes) {
  await editor.page.setViewportSize({ width: 1600, height: 1000 });
  await openAtFirstEdit(editor, trace);
  await editor.waitForStatus((status) => status === 'Foretoken');
  if (state !== 'closed') {
    await editor.ask('start', { id: 'foretoken.openTuningPanel' });
    await editor.page.waitForSelector('iframe.webview.ready');
  }
  if (state === 'hidden') {
    await editor.command('workbench.action.joinAllGroups');
  }
  // Once before the clock starts, so that what is loaded at first use is there.
  const counts = { keys: 0, rounds: 0, withGhostText: 0 };
  await play(editor, trace, counts, Number.POSITIVE_INFINITY);
  Object.assign(counts, { keys: 0, rounds: 0, withGhostText: 0 });
  await editor.ask('resetDelays');
  const before = await editor.ask('usage');
  const startMs = performance.now();
  while (performance.now() < startMs + minutes * 60_000) {
    await play(editor, trace, counts, startMs + minutes * 60_000);
    counts.rounds++;
  }
  const seconds = (performance.now() - startMs) / 1000;
  const after = await editor.ask('usage');
  const delays = await editor.ask('delays');
  await editor.picture(`panel cost ${state}`);
  return {
    ...counts,
    seconds,
    cpuSeconds: (after.user + after.system - before.user - before.system) / 1e6,
    rssBefore: before.rss,
    rssAfter: after.rss,
    heapBefore: before.heapUsed,
    heapAfter: after.heapUsed,
    ...delays,
  };
}

/** The file as it was, the cursor where the trace begins, in the first group of editors. */
async function openAtFirstEdit(editor, trace) {
  const before = trace.files[0].initial.slice(0, trace.edits[0].offset).split('\n');
  await editor.command('workbench.action.focusFirstEditorGroup');
  await editor.openAt(FILE, before.length, before.at(-1).length + 1);
}

/** Types the trace once, or until the end of the time, and throws what was typed away. */
async function play(editor, trace, counts, endMs) {
  await openAtFirstEdit(editor, trace);
  const startMs = performance.now();
  for (const edit of trace.edits) {
    const waitMs = startMs + edit.atMs - performance.now();
    if (waitMs > 0) {
      await editor.page.waitForTimeout(waitMs);
    }
    if (waitMs > 300 && (await editor.ghostText()) !== '') {
      counts.withGhostText++;
    }
    if (performance.now() > endMs) {
      break;
    }
    for (const _ of edit.deleted) {
      await editor.press('Backspace');
    }
    await editor.type(edit.inserted, 0);
    counts.keys += edit.deleted.length + edit.inserted.length;
  }
  await editor.command('workbench.action.files.revert');
}

function table(rows, minutes) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
  return [
    `${minutes} minutes of \`${relative(root, TRACE)}\` by keys, over and over; the extension host alone.`,
    '',
    '| panel | keys | processor time | per minute | memory before / after | JavaScript heap before / after | longest block, p99 |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) =>
      [
        '',
        row.state,
        row.keys,
        `${row.cpuSeconds.toFixed(1)} s`,
        `${((60 * row.cpuSeconds) / row.seconds).toFixed(2)} s`,
        `${megabytes(row.rssBefore)} / ${megabytes(row.rssAfter)} MB`,
        `${megabytes(row.heapBefore)} / ${megabytes(row.heapAfter)} MB`,
        `${row.maxMs.toFixed(0)} ms, ${row.p99Ms.toFixed(1)} ms`,
        '',
      ]
        .join(' | ')
        .trim(),
    ),
  ];
}
