import assert from 'node:assert/strict';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import { wholeDraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import { decode } from '../../../src/engine/decode.ts';
import type { DraftContext } from '../../../src/engine/draft/drafter.ts';
import { LookupDrafter } from '../../../src/engine/draft/lookup/lookupDrafter.ts';
import { StaticNgrams } from '../../../src/engine/draft/lookup/staticNgrams.ts';
import type { Ngram } from '../../support/ngramTable.ts';
import { ngramBytes, ngramTable } from '../../support/ngramTable.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { TableModel } from '../../support/tableModel.ts';

const VOCABULARY_SIZE = 5000;
const byPrior = (_bucket: number, prior: number): number => prior;

/** n-grams with contexts of 1 to 4 tokens, each context once. */
function randomNgrams(random: () => number, count: number, tokens: number): readonly Ngram[] {
  const ngrams = new Map<string, Ngram>();
  for (let index = 0; index < count; index++) {
    const context = Array.from({ length: randomInteger(random, 1, 4) }, () => randomInteger(random, 0, tokens));
    ngrams.set(context.join(), { context, token: randomInteger(random, 0, tokens), probability: random() });
  }
  return [...ngrams.values()];
}

function draftOf(table: StaticNgrams, context: Partial<DraftContext>, generated: readonly number[], maxNodes = 4) {
  const drafter = new LookupDrafter(byPrior, table);
  drafter.begin({ before: [], after: [], others: [], ...context });
  return drafter.propose({
    generated,
    lastToken: generated.at(-1) ?? -1,
    maxNodes,
    hiddenStates: () => undefined,
    isWorth: () => true,
  });
}

describe('static n-grams', () => {
  it('say what a map of the contexts says, by the longest end of the text that is known, but for rare collisions', () => {
    const random = createRandom(5);
    let wrong = 0;
    for (const [count, tokens] of [
      [1, 3],
      [40, 3],
      [3000, 12],
      [8000, 4999],
    ] as const) {
      const ngrams = randomNgrams(random, count, tokens);
      const known = new Map(ngrams.map((ngram) => [ngram.context.join(), ngram]));
      const table = ngramTable(ngrams, VOCABULARY_SIZE);
      for (let index = 0; index < 3000; index++) {
        const start = index < ngrams.length ? ngrams[index]!.context : [];
        const before = Array.from({ length: randomInteger(random, 0, 5) }, () => randomInteger(random, 0, tokens));
        const text = [...before, ...start];
        const expected = [4, 3, 2, 1]
          .filter((length) => length <= text.length)
          .map((length) => known.get(text.slice(-length).join()))
          .find((ngram) => ngram !== undefined);
        const guess = table.next(text);
        const isSame = guess?.token === expected?.token && guess?.length === expected?.context.length;
        wrong += isSame ? 0 : 1;
        assert.ok(!isSame || guess === undefined || Math.abs(guess.probability - expected!.probability) <= 1 / 64);
      }
    }
    // 12,000 texts with up to four contexts each, of which one unknown one in 16,000 is taken for another.
    assert.ok(wrong <= 12, `${wrong} wrong`);
  });

  const bytes = ngramBytes(randomNgrams(createRandom(1), 500, 99), 100);
  const withWord = (at: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint32(at, value, true);
    return copy;
  };
  const damaged: readonly [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /^it is not a table of n-grams$/],
    [
      'another file',
      new TextEncoder().encode('{"format": "another one altogether"}'),
      /^it is not a table of n-grams$/,
    ],
    ['a later version', withWord(4, 2), /^its format version is 2, this version reads 1$/],
    ['another vocabulary', withWord(8, 101), /^it is for a vocabulary of 101 tokens, the model has 100$/],
    ['more buckets than memory has room for', withWord(12, 31), /^its header is damaged \(31 bucket bits/],
    ['other buckets', withWord(12, 5), /^it has \d+ bytes, its header says \d+$/],
    ['more entries than it holds', withWord(16, 0xffffffff), /^it has \d+ bytes, its header says \d+$/],
    ['contexts that are too long', withWord(20, 5), /^its header is damaged/],
    ['a cut end', bytes.subarray(0, -1), /^it has \d+ bytes/],
    ['a cut header', bytes.subarray(0, 20), /^it is not a table/],
    ['a bucket that ends before it begins', withWord(28, 0xfffffff0), /^its buckets are damaged$/],
    ['a token of no vocabulary', withWord(bytes.length - 5 * 100, 0x3ffff), /^it has a token that is not in the/],
  ];
  for (const [name, file, message] of damaged) {
    it(`refuse ${name}`, () => {
      const read = StaticNgrams.read(file, 100);
      assert.match(read.ok ? 'read' : read.error, message);
    });
  }

  it('are read from the middle of a buffer too', () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    assert.ok(StaticNgrams.read(shifted.subarray(3), 100).ok);
  });
});

describe('lookup drafter with static n-grams', () => {
  const table = ngramTable(
    [
      { context: [1], token: 2, probability: 0.9 },
      { context: [2], token: 3, probability: 0.9 },
      { context: [1, 2, 3], token: 4, probability: 0.9 },
      { context: [70], token: 71, probability: 0.9 },
    ],
    VOCABULARY_SIZE,
  );

  it('drafts a chain where nothing matches', () => {
    const draft = draftOf(table, {}, [1]);
    assert.deepEqual(
      draft.map(({ token, parent }) => [token, parent]),
      [
        [2, -1],
        [3, 0],
        [4, 1],
      ],
    );
    assert.ok(draft.every(({ bucket, source }) => bucket >= 128 && source === 'lookup'));
  });

  it('goes on behind the last token of a match', () => {
    const draft = draftOf(table, { after: [60, 61, 62, 70] }, [60, 61]);
    assert.deepEqual(
      draft.map(({ token }) => token),
      [62, 70, 71],
    );
  });

  it('takes a token once that both a match and the table give', () => {
    const draft = draftOf(table, { before: [1, 2, 50, 1, 3, 50] }, [1], 8);
    const first = draft.filter(({ parent }) => parent === -1).map(({ token }) => token);
    assert.deepEqual(first.toSorted(), [2, 3]);
  });

  it('keeps to the form of a tree and to the nodes it may have, for random texts', () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = createRandom(seed);
      const tokens = () => Array.from({ length: randomInteger(random, 0, 40) }, () => randomInteger(random, 0, 4));
      const context = { before: tokens(), after: tokens(), others: [tokens()] };
      const maxNodes = randomInteger(random, 1, 12);
      const draft = draftOf(ngramTable(randomNgrams(random, 60, 4), 5), context, [...tokens(), 0], maxNodes);
      assert.ok(draft.length <= maxNodes);
      for (const [index, { parent, chance, bucket }] of draft.entries()) {
        assert.ok(parent >= -1 && parent < index && chance > 0 && chance < 1 && bucket >= 0 && bucket < 224);
        const siblings = draft.filter((node) => node.parent === parent).map(({ token }) => token);
        assert.equal(new Set(siblings).size, siblings.length);
      }
    }
  });

  it('leaves the text what plain decoding writes', async () => {
    let accepted = 0;
    for (let seed = 0; seed < 40; seed++) {
      const model = new TableModel({ vocabularySize: 8, seed });
      const prompt = [1, 2, 3, 4];
      const stopTokens = new Set([0]);
      const expected = model.decodeGreedily(prompt, 24, stopTokens);
      // Half of the table knows the text; the rest is chance.
      const text = [...prompt, ...expected];
      const right = text.slice(3).map((token, at) => ({ context: text.slice(at, at + 3), token, probability: 0.9 }));
      const ngrams = [...randomNgrams(createRandom(seed), 40, 7), ...right.slice(0, right.length / 2)];
      const drafter = new LookupDrafter(byPrior, ngramTable(ngrams, 8));
      drafter.begin({ before: prompt, after: [], others: [] });
      const request = {
        promptTokens: prompt,
        mask: undefined,
        drafter,
        planner: wholeDraftPlanner,
        acceptance: exactAcceptance,
        maxDraftNodes: 6,
        chainsOnly: seed % 2 === 0,
        endsText: () => false,
        maxTokens: 24,
        stopTokens,
        signal: { isCancellationRequested: false },
      };
      const written: number[] = [];
      model.forwards = 0;
      for await (const step of decode(model, model.createCache(), request, { now: () => 0 })) {
        written.push(...step.tokens.map(({ id }) => id));
      }
      assert.deepEqual(written, expected, `seed ${seed}`);
      accepted += 1 + written.length - model.forwards;
    }
    assert.ok(accepted > 100, `${accepted} drafted tokens stood`);
  });
});
