import assert from 'node:assert/strict';
import type { StopContext, StopReason } from '../../../src/engine/stop/findStop.ts';
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
  readonly maxLines?: number;
  /** Whether the line above the cursor is known; else every blank line is an empty block. */
  readonly knowsAbove?: boolean;
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
    name: 'ends a block at the line limit',
    document: 'def f():\n    ▮\n',
    generated: 'a = 1\n\n    b = 2\n    return a',
    kept: 'a = 1\n\n    b = 2',
    reason: 'line-limit',
    maxLines: 2,
  },
  {
    name: 'does not count the rest of the line that opens a block',
    document: 'if (a) {▮',
    generated: '\n  b();\n  c();\n',
    kept: '\n  b();',
    reason: 'line-limit',
    maxLines: 1,
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
  {
    name: 'goes on from one branch to the next',
    document: 'if (a) {▮',
    generated: '\n  b();\n} else {\n  c();\n}\nd();',
    kept: '\n  b();\n} else {\n  c();\n}',
    reason: 'block-end',
  },
  {
    name: 'goes on from a call to its handler',
    document: 'load(() => {▮',
    generated: '\n  b();\n}).catch((e) => {\n  c();\n});\nd();',
    kept: '\n  b();\n}).catch((e) => {\n  c();\n});',
    reason: 'block-end',
  },
  {
    name: 'goes on to the handler of a Python block',
    document: 'try:▮\n',
    generated: '\n    a()\nexcept Error:\n    b()\nc()',
    kept: '\n    a()\nexcept Error:\n    b()',
    reason: 'block-end',
  },
  {
    name: 'ends a Python block at its other branch',
    document: 'if a:▮\n',
    generated: '\n    b()\nelse:\n    c()',
    kept: '\n    b()',
    reason: 'block-end',
  },
  {
    name: 'ends a block with its closing word',
    document: 'list.each do |a|▮\n',
    generated: '\n  b(a)\nend\nc',
    kept: '\n  b(a)\nend',
    reason: 'block-end',
  },
  {
    name: 'leaves out a closing word that is there',
    document: 'if a; then▮\nfi\n',
    generated: '\n  b\nfi\nc',
    kept: '\n  b',
    reason: 'block-end',
  },
  {
    name: 'does not take a longer word for a closing word',
    document: 'if a then▮\n',
    generated: '\n  b\nendless()',
    kept: '\n  b',
    reason: 'block-end',
  },
  {
    name: 'takes the indentation from the text where the cursor is at the line start',
    document: 'def f():\n▮\n',
    generated: '    a = 1\n    return a\ng()',
    kept: '    a = 1\n    return a',
    reason: 'block-end',
  },
  {
    name: "ends a nested block at the cursor's depth",
    document: 'if a:\n    if b:\n        ▮\n',
    generated: 'c()\n    d()',
    kept: 'c()',
    reason: 'block-end',
  },
  {
    name: 'ends a loop of four long lines',
    document: '▮',
    generated:
      'first(one);\nsecond(two);\nthird(three);\nfourth(four);\nfirst(one);\nsecond(two);\nthird(three);\nfourth(four);\n',
    kept: 'first(one);\nsecond(two);\nthird(three);\nfourth(four);',
    reason: 'line-repeats',
  },
  {
    name: 'allows four short lines twice',
    document: '▮',
    generated: 'a\nb\nc\nd\na\nb\nc\nd\n',
    kept: 'a\nb\nc\nd\na\nb\nc\nd\n',
    reason: undefined,
  },
  {
    name: 'ends a loop inside a line',
    document: 'x = [▮',
    generated: '0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ',
    kept: '0, ',
    reason: 'line-repeats',
  },
  {
    name: 'ends a loop of words inside a line',
    document: 'x = "▮',
    generated: 'very very very very very very very very very very ',
    kept: 'very ',
    reason: 'line-repeats',
  },
  {
    name: 'allows a few equal numbers',
    document: 'x = [▮',
    generated: '0, 0, 0, 0, 0]',
    kept: '0, 0, 0, 0, 0]',
    reason: undefined,
  },
  {
    name: 'allows a ruler',
    document: '// ▮',
    generated: '----------------------------------------------------------------------------',
    kept: '----------------------------------------------------------------------------',
    reason: undefined,
  },
  {
    name: 'ends a ruler without end',
    document: '// ▮',
    generated:
      '------------------------------------------------------------------------------------------------------------------------',
    kept: '-',
    reason: 'line-repeats',
  },
  {
    name: 'fills an empty block whole',
    document: 'def f():\n    ▮\n',
    generated: 'a = 1\n\n    return a',
    kept: 'a = 1\n\n    return a',
    reason: undefined,
    knowsAbove: true,
  },
  {
    name: 'ends after a paragraph elsewhere',
    document: 'import x\n▮\n',
    generated: 'def f():\n    pass\n\n\ndef g():\n    pass',
    kept: 'def f():\n    pass',
    reason: 'statement-end',
    knowsAbove: true,
  },
  {
    name: 'ends after one member of a class',
    document: 'class A {\n  a() {}\n\n  ▮\n}\n',
    generated: 'b() {\n    c();\n  }\n\n  d() {}',
    kept: 'b() {\n    c();\n  }',
    reason: 'statement-end',
    knowsAbove: true,
  },
  {
    name: 'ends after one statement where the next stands below',
    document: 'a()\n▮\nd()\n',
    generated: 'b()\nc()',
    kept: 'b()',
    reason: 'statement-end',
    knowsAbove: true,
  },
  {
    name: 'ends after one statement with its block',
    document: 'a()\n▮\nd()\n',
    generated: 'if (b) {\n  c();\n}\ne()',
    kept: 'if (b) {\n  c();\n}',
    reason: 'statement-end',
    knowsAbove: true,
  },
  {
    name: 'keeps branches together',
    document: 'a()\n▮\nd()\n',
    generated: 'if (b) {\n  c();\n}\nelse {\n  e();\n}\nf()',
    kept: 'if (b) {\n  c();\n}\nelse {\n  e();\n}',
    reason: 'statement-end',
    knowsAbove: true,
  },
  {
    name: 'keeps a chain together',
    document: 'a()\n▮\nd()\n',
    generated: 'b\n.c()\n.e();\nf()',
    kept: 'b\n.c()\n.e();',
    reason: 'statement-end',
    knowsAbove: true,
  },
  {
    name: 'keeps a comment with its statement',
    document: 'a()\n▮\nd()\n',
    generated: '// note\nb()\nc()',
    kept: '// note\nb()',
    reason: 'statement-end',
    knowsAbove: true,
  },
  {
    name: 'keeps a decorator with its function',
    document: 'a()\n▮\n',
    generated: '@cached\ndef b():\n    pass\n\nc()',
    kept: '@cached\ndef b():\n    pass',
    reason: 'statement-end',
    knowsAbove: true,
  },
  {
    name: 'lets a paragraph have several statements',
    document: 'a()\n▮\n',
    generated: 'b()\nc()',
    kept: 'b()\nc()',
    reason: undefined,
    knowsAbove: true,
  },
];

function stopContext({
  document,
  singleLine = false,
  allowsCodeFence = false,
  knowsAbove = false,
  maxLines,
}: Case): StopContext {
  const [before, suffix] = document.split('▮') as [string, string];
  const linesBefore = before.split('\n');
  const lineAbove = linesBefore.slice(0, -1).findLast((line) => line.trim() !== '');
  return {
    linePrefix: linesBefore.at(-1)!,
    suffix,
    singleLine,
    allowsCodeFence,
    ...(maxLines === undefined ? {} : { maxLines }),
    ...(knowsAbove && lineAbove !== undefined ? { lineAbove } : {}),
  };
}

describe('findStop', () => {
  for (const row of cases) {
    it(row.name, () => {
      const stop = findStop(row.generated, stopContext(row));
      assert.deepEqual([row.generated.slice(0, stop?.keep), stop?.reason], [row.kept, row.reason]);
    });
  }

  it('agrees with the whole text however it falls into tokens', () => {
    for (const row of cases) {
      const firstStop = Array.from({ length: row.generated.length }, (_, length) =>
        findStop(row.generated.slice(0, length + 1), stopContext(row)),
      ).find((stop) => stop !== undefined);
      assert.deepEqual(firstStop, findStop(row.generated, stopContext(row)), row.name);
    }
  });
});
