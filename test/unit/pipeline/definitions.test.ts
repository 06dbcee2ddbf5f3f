import assert from 'node:assert/strict';
import { definitionText } from '../../../src/pipeline/context/definitionText.ts';
import type { LineChange } from '../../../src/pipeline/context/editedLines.ts';
import { editedLinesAfter } from '../../../src/pipeline/context/editedLines.ts';
import { namesNear } from '../../../src/pipeline/context/namesNear.ts';

describe('names near a place', () => {
  for (const [title, text, names] of [
    ['come closest first', 'const total = price;\nconst rest = amount', ['amount', 'rest', 'price', 'total']],
    [
      'put calls, members and types first',
      'let size = area(width) + box.depth as Metres',
      ['Metres', 'depth', 'area', 'box', 'width', 'size'],
    ],
    ['come once, from where they are closest', 'area(1)\nprint(area(2))', ['area', 'print']],
    ['leave out what every file has and what is short', 'return this.id if self else None', []],
    ['are any script', 'größe = berechne(länge)', ['berechne', 'länge', 'größe']],
    ['are none in an empty text', '', []],
  ] as const) {
    it(title, () => {
      const lines = text.split('\n');
      const found = namesNear(lines);
      assert.deepEqual(
        found.map(({ name }) => name),
        names,
      );
      for (const { name, line, column } of found) {
        assert.ok(lines[line]!.startsWith(name, column), `${name} at ${line}:${column}`);
      }
    });
  }

  it('are six at most', () => {
    assert.equal(namesNear(['alpha beta gamma delta epsilon zeta eta theta']).length, 6);
  });
});

describe('the text of a definition', () => {
  for (const [title, text, expected] of [
    ['is one line where nothing belongs to it', 'LIMIT = 3\nOTHER = 4', 'LIMIT = 3'],
    [
      'goes as far as it is indented',
      'def area(width):\n    size = width\n\n    return size\n\n\ndef next():\n    pass',
      'def area(width):\n    size = width\n\n    return size',
    ],
    [
      'has the line that closes it',
      'function area(width) {\n  return width;\n}\nconst next = 1;',
      'function area(width) {\n  return width;\n}',
    ],
    [
      'goes on after parameters over several lines',
      'def area(\n    width,\n):\n    return width\nnext = 1',
      'def area(\n    width,\n):\n    return width',
    ],
    ['ends with a closed call', 'const box = make(\n  1,\n);\nconst next = 1;', 'const box = make(\n  1,\n);'],
    [
      'is a member where that is what is defined',
      '  area(): number {\n    return 1;\n  }\n\n  next() {}',
      '  area(): number {\n    return 1;\n  }',
    ],
    ['is nothing of an empty line', '', ''],
  ] as const) {
    it(title, () => assert.equal(definitionText(text.split('\n')), expected));
  }

  it('is twenty lines at most', () => {
    const lines = ['class Long:', ...Array.from({ length: 50 }, (_, line) => `    value${line} = 1`)];
    assert.equal(definitionText(lines).split('\n').length, 20);
  });
});

describe('lines that were edited of late', () => {
  const at = (line: number, removedLines = 0, addedLines = 0): LineChange => ({ line, removedLines, addedLines });

  for (const [title, changes, expected] of [
    ['are the newest first', [at(5), at(50)], [50, 5]],
    ['are one for each place', [at(5), at(6), at(7), at(9)], [9]],
    ['are three at most', [at(0), at(20), at(40), at(60)], [60, 40, 20]],
    ['move with lines that come in above', [at(50), at(5, 0, 10)], [5, 60]],
    ['move with lines that go above', [at(50), at(5, 10, 0)], [5, 40]],
    ['stay where lines go around them', [at(50), at(10, 80, 0)], [10]],
    ['stay where they are below', [at(5), at(50, 0, 10)], [50, 5]],
  ] as const) {
    it(title, () => assert.deepEqual(changes.reduce<readonly number[]>(editedLinesAfter, []), expected));
  }
});
