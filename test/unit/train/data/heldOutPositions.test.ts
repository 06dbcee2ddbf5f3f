import { strict as assert } from 'node:assert';
import type { CorpusRow } from '../../../../train/data/corpusRow.ts';
import {
  chooseHeldOutPositions,
  otherFiles,
  restorePosition,
} from '../../../../train/data/positions/heldOutPositions.ts';

const TEXT = Array.from(
  { length: 30 },
  (_, index) =>
    `def step_${index}(left, right):\n    total_${index} = left * ${index}\n    return total_${index} + right\n`,
).join('\n');

const ROWS: readonly CorpusRow[] = Array.from({ length: 20 }, (_, index) => ({
  package: index < 15 ? 'alpha' : 'beta',
  registry: 'pypi',
  version: '1.0',
  licence: 'MIT',
  language: 'python',
  path: `src/file${index}.py`,
  text: TEXT.replaceAll('total', `total${index}`),
}));

describe('held-out positions', () => {
  const positions = chooseHeldOutPositions(ROWS);

  it('have every kind, from every package in turn, under names of their own', () => {
    const kinds = new Set(positions.map((position) => position.kind));
    const files = new Set(positions.map((position) => `${position.package}/${position.path}`));
    assert.deepEqual([...kinds].sort(), ['block', 'line', 'mid_line']);
    assert.deepEqual([...files].map((file) => file.split('/')[0]).sort(), [
      ...Array.from({ length: 4 }, () => 'alpha'),
      ...Array.from({ length: 4 }, () => 'beta'),
    ]);
    assert.equal(new Set(positions.map((position) => position.id)).size, positions.length);
  });

  it('carry no text', () => {
    assert.equal(JSON.stringify(positions).includes('total'), false);
  });

  it('give the file back when prefix, middle and suffix are joined', () => {
    const texts = new Map(ROWS.map((row) => [row.path, row.text]));
    const joined = positions.map((position) => {
      const restored = restorePosition(position, texts.get(position.path) ?? '');
      return restored && restored.prefix + restored.middle + restored.suffix === texts.get(position.path);
    });
    assert.deepEqual([...new Set(joined)], [true]);
  });

  it('are refused by a shorter file', () => {
    assert.equal(restorePosition(positions[0]!, TEXT.slice(0, 10)), undefined);
  });

  it('have other files of their package and language, the nearest first', () => {
    const texts = new Map([
      ['src/a/one.py', 'x'],
      ['src/b/two.py', 'y'],
      ['src/a/blank.py', ' '],
      ['src/a/note.md', 'z'],
      ['src/a/three.py', 'w'.repeat(40_000)],
      ['setup.py', 'v'],
    ]);
    const files = otherFiles({ package: 'p', path: 'src/a/one.py' }, texts);
    assert.deepEqual(
      files.map(({ path, text }) => `${path} ${text.length}`),
      ['p/src/a/three.py 30000', 'p/src/b/two.py 1', 'p/setup.py 1'],
    );
  });
});
