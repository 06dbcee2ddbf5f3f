import assert from 'node:assert/strict';
import type { PlacedToken } from '../../../src/engine/rateText.ts';
import { rateText } from '../../../src/engine/rateText.ts';

/** Tokens of these pieces and probabilities; the first `typedChars` are what the user typed. */
function tokensOf(typedChars: number, ...pieces: readonly (readonly [piece: string, probability: number])[]) {
  let start = -typedChars;
  return pieces.map(([piece, probability], id): PlacedToken => {
    const token = { id, logProbability: Math.log(probability), start };
    start += piece.length;
    return token;
  });
}

describe('rateText', () => {
  for (const [name, text, tokens, expected] of [
    ['multiplies over the first line', 'a(b)', tokensOf(0, ['a', 0.5], ['(b', 0.5], [')', 1]), [0.25, 0.5]],
    ['leaves later lines out of that', 'a\nb', tokensOf(0, ['a', 0.5], ['\n', 0.8], ['b', 0.1]), [0.5, 0.1]],
    ['counts a blank first line in', '\n  a\nb', tokensOf(0, ['\n  ', 0.5], ['a', 0.5], ['\nb', 0.1]), [0.25, 0.1]],
    ['leaves out what was cut off', 'a', tokensOf(0, ['a', 0.5], [')', 0.01]), [0.5, 0.5]],
    ['counts the healed word', 'urn', tokensOf(3, ['ret', 0.5], ['urn', 0.5]), [0.25, 0.5]],
    ['is sure of nothing', '', tokensOf(0), [1, 1]],
  ] as const) {
    it(name, () => {
      const { firstLine, least } = rateText(text, tokens);
      assert.deepEqual(
        [firstLine, least].map((value) => Number(Math.exp(value).toFixed(6))),
        expected,
      );
    });
  }

  it('has the mean of what is kept', () => {
    const { mean } = rateText('ab', tokensOf(0, ['a', 0.5], ['b', 0.125], ['c', 0.001]));
    assert.equal(Math.exp(mean).toFixed(4), '0.2500');
  });
});
