import assert from 'node:assert/strict';
import { MAX_MATCH_TOKENS, TokenIndex } from '../../../src/engine/draft/lookup/tokenIndex.ts';
import { createRandom, randomInteger } from '../../support/random.ts';

/** Every place that at least `gram` last tokens of the text come before, newest first, found the slow way. */
function findSlowly(tokens: readonly number[], text: readonly number[], gram: number) {
  const found: { next: number; length: number }[] = [];
  for (let next = tokens.length - 1; next > 0; next--) {
    let length = 0;
    while (
      length < Math.min(MAX_MATCH_TOKENS, next, text.length) &&
      tokens[next - 1 - length] === text[text.length - 1 - length]
    ) {
      length++;
    }
    if (length >= gram) {
      found.push({ next, length });
    }
  }
  return found;
}

describe('token index', () => {
  it('finds what a search of every place finds, for random sequences that grow and are cut', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = createRandom(seed);
      const vocabulary = randomInteger(random, 1, 6);
      const randomTokens = (most: number) =>
        Array.from({ length: randomInteger(random, 0, most) }, () => randomInteger(random, 0, vocabulary - 1));
      const index = new TokenIndex();
      let tokens: number[] = [];
      for (let round = 0; round < 8; round++) {
        const change = randomInteger(random, 0, 2);
        if (change === 0) {
          tokens = tokens.slice(0, randomInteger(random, 0, tokens.length));
          index.truncate(tokens.length);
        } else if (change === 1) {
          tokens = [...tokens.slice(0, randomInteger(random, 0, tokens.length)), ...randomTokens(90)];
          index.become(tokens);
        } else {
          const added = randomTokens(90);
          tokens = [...tokens, ...added];
          index.append(added);
        }
        const text = random() < 0.5 ? index.last(MAX_MATCH_TOKENS) : randomTokens(24);
        for (const gram of [1, 2] as const) {
          assert.deepEqual(index.find(text, gram, 10_000), findSlowly(tokens, text, gram), `seed ${seed}`);
        }
      }
      assert.deepEqual(index.last(1000), tokens);
    }
  });

  it('looks at no more places than it may', () => {
    const index = new TokenIndex(new Array<number>(5000).fill(7));
    assert.equal(index.find([7, 7, 7], 2, 20).length, 19);
  });
});
