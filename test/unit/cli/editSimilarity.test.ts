import { strict as assert } from 'node:assert';
import { editSimilarity } from '../../../src/cli/editSimilarity.ts';

const CASES: readonly (readonly [left: string, right: string, similarity: number, why: string])[] = [
  ['', '', 1, 'two empty texts are equal'],
  ['abc', 'abc', 1, 'equal texts'],
  ['', 'abcd', 0, 'nothing against something'],
  ['kitten', 'sitting', 1 - 3 / 7, 'two substitutions and an insertion'],
  ['flaw', 'lawn', 1 - 2 / 4, 'a deletion and an insertion'],
  ['a\nb', 'a\r\nb', 1 - 1 / 4, 'line endings count as they are'],
  ['abcdef', 'ghijkl', 0, 'nothing in common'],
];

describe('edit similarity', () => {
  for (const [left, right, similarity, why] of CASES) {
    it(`is one minus the share of edits: ${why}`, () => {
      assert.deepEqual(
        [editSimilarity(left, right), editSimilarity(right, left)].map((value) => value.toFixed(9)),
        [similarity.toFixed(9), similarity.toFixed(9)],
      );
    });
  }
});
