import assert from 'node:assert/strict';
import { toByteString } from '../../../src/base/utf8.ts';
import type { RowScores } from '../../../src/engine/targetModel.ts';
import { splitAtWordStart } from '../../../src/engine/tokenizer/splitAtWordStart.ts';
import { createWordMask } from '../../../src/engine/tokenizer/wordMask.ts';
import { createByteTokenizer } from '../../support/byteTokenizer.ts';
import { createRandom } from '../../support/random.ts';

const tokenizer = createByteTokenizer([
  ' re',
  'ret',
  'return',
  ' return',
  'retry',
  'urn',
  '().',
  'über',
  '日本',
  '👩',
  're',
]);
const tokens = Array.from(tokenizer.sortedIds).sort((left, right) => left - right);

function scoresFrom(logits: Float32Array, topIds: readonly number[]): RowScores {
  return { topIds, topLogits: topIds.map((id) => logits[id]!), logSumExp: 0, entropy: 0, logits };
}

describe('word mask', () => {
  it('chooses the best token among exactly those that agree with the typed text', () => {
    const random = createRandom(11);
    for (const typed of ['retu', ' retu', 'r', 'über', '日', '👩x', '().', '\t', ' ']) {
      const owed = toByteString(typed);
      for (let round = 0; round < 50; round++) {
        const logits = Float32Array.from(tokens, () => random());
        const allowed = tokens.filter((id) => {
          const bytes = tokenizer.bytesOf(id);
          return bytes.startsWith(owed) || owed.startsWith(bytes);
        });
        const expected = allowed.reduce((best, id) => (logits[id]! > logits[best]! ? id : best));
        // The best few of the row rarely hold an allowed token, so both ways to find it are taken.
        const topIds = Array.from(logits.keys()).sort((left, right) => logits[right]! - logits[left]!);
        const mask = createWordMask(typed, tokenizer)!;
        const allowedByMask = tokens.filter((id) => mask.allows(id));
        assert.deepEqual(allowedByMask, allowed, typed);
        assert.equal(mask.bestAllowed(scoresFrom(logits, topIds.slice(0, 8))), expected, typed);
        assert.equal(mask.bestAllowed(scoresFrom(logits, topIds)), expected, typed);
      }
    }
  });

  it('is within that of a start of its text, which allows whatever it allows', () => {
    const typed = ['r', 're', 'ret', 'retu', 'x', ' re', 'ü', 'über'];
    for (const [one, other] of typed.flatMap((left) => typed.map((right) => [left, right] as const))) {
      const [mask, wide] = [createWordMask(one, tokenizer)!, createWordMask(other, tokenizer)!];
      assert.equal(mask.isWithin(wide), one.startsWith(other), `${one} in ${other}`);
      const allowsNoMore = tokens.every((id) => !mask.allows(id) || wide.allows(id));
      assert.ok(allowsNoMore || !mask.isWithin(wide), `${one} in ${other}`);
      assert.ok(mask.isWithin(undefined));
    }
  });

  it('lifts after the typed text and not before, whatever the tokens are', () => {
    const random = createRandom(12);
    for (const typed of ['returning', '  x', 'naïve日本語', '👩‍👩‍👧']) {
      let written = '';
      let mask = createWordMask(typed, tokenizer);
      while (mask !== undefined) {
        const logits = Float32Array.from(tokens, () => random());
        const id = mask.bestAllowed(scoresFrom(logits, []));
        written += tokenizer.bytesOf(id);
        const owed = toByteString(typed);
        assert.ok(written.startsWith(owed) || owed.startsWith(written));
        mask = mask.after(id);
        assert.equal(mask === undefined, written.length >= owed.length);
      }
    }
  });

  it('is absent when nothing was typed', () => {
    assert.equal(createWordMask('', tokenizer), undefined);
  });
});

describe('splitAtWordStart', () => {
  const cases: readonly (readonly [text: string, kept: string, typed: string])[] = [
    ['x = ite', 'x =', ' ite'],
    ['self.', 'self', '.'],
    ['self.app', 'self', '.app'],
    ['call(va', 'call', '(va'],
    ['    ', '   ', ' '],
    ['\t\tretu', '\t', '\tretu'],
    ['line\n', 'line\n', ''],
    ['line\nword', 'line\n', 'word'],
    ['x = größ', 'x =', ' größ'],
    ['', '', ''],
    [`${'a'.repeat(80)}`, 'a'.repeat(80), ''],
  ];
  for (const [text, kept, typed] of cases) {
    it(`takes back ${JSON.stringify(typed)} from ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.deepEqual(splitAtWordStart(text), { kept, typed });
    });
  }
});
