import assert from 'node:assert/strict';
import type { StopReason } from '../../../src/engine/stop/findStop.ts';
import { findStop } from '../../../src/engine/stop/findStop.ts';

interface Case {
  readonly name: string;
  /** Cursor as `▮`. */
  readonly document: string;
  readonly generated: string;
  readonly kept: string;
  readonly reason: StopReason | undefined;
  readonly singleLine?: boolean;
  readonly allowsCodeFence?: boolean;
}

const cases: readonly Case[] = [
  {
    name: 'ends a single line at its end',
    document: 'x = ▮\n',
    generated: 'a + b\ny = 2',
    kept: 'a + b',
    reason: 'line-end',
    singleLine: true,
  },
  {
    name: 'lets a single line begin on the next line',
    document: 'if ok:▮\n',
    generated: '\n    go()\n',
    kept: '\n    go()',
    reason: 'line-end',
    singleLine: true,
  },
  {
    name: 'keeps to the line when text follows the cursor',
    document: 'f(▮)',
    generated: '\nx',
    kept: '',
    reason: 'line-end',
    singleLine: true,
  },
  {
    name: 'goes on while a block goes on',
    document: 'def f():\n    ▮\n',
    generated: 'a = 1\n    return a',
    kept: 'a = 1\n    return a',
    reason: undefined,
  },
  {
    name: 'ends a block at a dedent',
    document: 'def f():\n    ▮\n',
    generated: 'return 1\n\n\ndef g',
    kept: 'return 1',
    reason: 'block-end',
  },
  {
    name: 'ends a block with its closing bracket',
    document: 'if (a) {▮',
    generated: '\n  b();\n}\nc();',
    kept: '\n  b();\n}',
    reason: 'block-end',
  },
  {
    name: 'leaves out a closing bracket that is there',
    document: 'if (a) {▮\n}\n',
    generated: '\n  b();\n}',
    kept: '\n  b();',
    reason: 'block-end',
  },
  {
    name: 'ends at the line that follows the cursor',
    document: 'a()\n▮\nreturn total\n',
    generated: 'b()\nreturn total\n',
    kept: 'b()',
    reason: 'suffix-repeats',
  },
  {
    name: 'says nothing when only that line is written',
    document: 'a()\n▮\nreturn total\n',
    generated: 'return total\n',
    kept: '',
    reason: 'suffix-repeats',
  },
  {
    name: 'sees a repeated first line together with what stands before the cursor',
    document: 'let ▮\nlet x = 1\n',
    generated: 'x = 1\n',
    kept: '',
    reason: 'suffix-repeats',
  },
  { name: 'ends a loop of one line', document: '▮', generated: 'a()\na()\na()\n', kept: 'a()', reason: 'line-repeats' },
  {
    name: 'ends a loop of two lines',
    document: '▮',
    generated: 'a()\nb()\na()\nb()\na()\nb()\n',
    kept: 'a()\nb()',
    reason: 'line-repeats',
  },
  {
    name: 'allows a line twice',
    document: '▮',
    generated: 'a()\na()\nb()\n',
    kept: 'a()\na()\nb()\n',
    reason: undefined,
  },
  { name: 'ends at a code fence', document: '▮', generated: 'a()\n```\nThis', kept: 'a()', reason: 'code-fence' },
  {
    name: 'allows code fences in Markdown',
    document: '▮',
    generated: 'Text\n```\n',
    kept: 'Text\n```\n',
    reason: undefined,
    allowsCodeFence: true,
  },
  {
    name: 'counts tabs as indentation',
    document: 'func f() {\n\t▮\n}',
    generated: 'a()\n\tb()\n}\n',
    kept: 'a()\n\tb()',
    reason: 'block-end',
  },
  { name: 'keeps an empty text', document: '▮', generated: '', kept: '', reason: undefined },
];

describe('findStop', () => {
  for (const { name, document, generated, kept, reason, singleLine = false, allowsCodeFence = false } of cases) {
    it(name, () => {
      const [before, suffix] = document.split('▮') as [string, string];
      const linePrefix = before.slice(before.lastIndexOf('\n') + 1);
      const context = { linePrefix, suffix, singleLine, allowsCodeFence };
      const stop = findStop(generated, context);
      assert.deepEqual([generated.slice(0, stop?.keep), stop?.reason], [kept, reason]);
    });
  }

  it('never takes back what an earlier, shorter text was allowed to keep beyond its line', () => {
    for (const { document, generated, singleLine = false, allowsCodeFence = false } of cases) {
      const [before, suffix] = document.split('▮') as [string, string];
      const context = { linePrefix: before.slice(before.lastIndexOf('\n') + 1), suffix, singleLine, allowsCodeFence };
      const firstStop = Array.from({ length: generated.length }, (_, length) =>
        findStop(generated.slice(0, length + 1), context),
      ).find((stop) => stop !== undefined);
      // Whatever the token boundaries, the rules agree with the whole text.
      assert.deepEqual(firstStop, findStop(generated, context));
    }
  });
});
