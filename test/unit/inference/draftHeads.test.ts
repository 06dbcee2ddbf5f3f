import assert from 'node:assert/strict';
import type { HeadGuesses } from '../../../src/engine/draft/draftHead.ts';
import type { DraftHeads } from '../../../src/inference/worker/onnx/draftHeads.ts';
import { loadDraftHeads } from '../../../src/inference/worker/onnx/draftHeads.ts';
import type { Rows } from '../../support/plainForward.ts';
import { plainMedusa, plainMtp, softmax } from '../../support/plainHeads.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import type { TinyPackage } from '../../support/tinyHeads.ts';
import { buildTinyHeads } from '../../support/tinyHeads.ts';

/** Kernels sum in another order than plain loops do. */
const FLOAT_TOLERANCE = 2e-4;

function randomRows(random: () => number, count: number, size: number): Rows {
  return Array.from({ length: count }, () => Array.from({ length: size }, () => 4 * (2 * random() - 1)));
}

/** The best guesses of a row of plain logits. */
function bestOf(logits: readonly number[], draftVocabulary: readonly number[], count: number): HeadGuesses {
  const probabilities = softmax(logits);
  const order = [...logits.keys()].sort((left, right) => logits[right]! - logits[left]!).slice(0, count);
  return {
    ids: order.map((index) => draftVocabulary[index]!),
    probabilities: order.map((index) => probabilities[index]!),
  };
}

function assertClose(found: HeadGuesses, expected: HeadGuesses, message: string): void {
  assert.deepEqual(found.ids, expected.ids, message);
  const difference = Math.max(
    ...found.probabilities.map((value, rank) => Math.abs(value - expected.probabilities[rank]!)),
  );
  assert.ok(difference < FLOAT_TOLERANCE, `${message}: probabilities differ by ${difference}`);
}

describe('draft heads of a package', function () {
  this.timeout(60_000);
  const directory = useTemporaryDirectory();
  let loaded: DraftHeads | undefined;

  async function load(tiny: TinyPackage): Promise<DraftHeads> {
    loaded = await loadDraftHeads(tiny.directory, tiny.manifest, { threads: 1, warn: assert.fail });
    return loaded;
  }

  afterEach(async () => {
    await loaded?.dispose();
    loaded = undefined;
  });

  for (const [title, options] of [
    ['with a bias by the token before', { biasRank: 16 }],
    ['without one', { biasRank: 0 }],
    ['stored in 8 bits', { isEightBit: true }],
    ['of one head', { depth: 1 }],
  ] as const) {
    it(`guess by the formulas of Medusa, ${title}`, async () => {
      const tiny = await buildTinyHeads(directory(), { quantization: 'f32' }, options);
      const { medusa } = await load(tiny);
      const random = createRandom(1);
      const { draftVocabulary } = tiny.heads;
      const outside = [...Array(512).keys()].find((id) => !draftVocabulary.includes(id))!;
      for (const lastToken of [draftVocabulary[0]!, draftVocabulary.at(-1)!, draftVocabulary[57]!, outside]) {
        const [hidden] = randomRows(random, 1, 128);
        const expected = await plainMedusa(tiny.source, tiny.heads, hidden!, lastToken);
        const found = await medusa!.run(Float32Array.from(hidden!), lastToken);
        assert.equal(found.length, expected.length);
        for (const [head, logits] of expected.entries()) {
          assertClose(found[head]!, bestOf(logits, draftVocabulary, 4), `head ${head} after ${lastToken}`);
        }
      }
    });
  }

  for (const [title, model, options] of [
    ['with biases', { hasOwnEmbedding: false }, { hasAttentionBias: true }],
    ['without biases', { hasOwnEmbedding: true }, { hasAttentionBias: false }],
    ['stored in 8 bits', { hasOwnEmbedding: false }, { isEightBit: true }],
  ] as const) {
    it(`guess by the formulas of multi-token prediction, row by row, ${title}`, async () => {
      const tiny = await buildTinyHeads(directory(), { quantization: 'f32', ...model }, options);
      const { mtp } = await load(tiny);
      const random = createRandom(2);
      const hidden = randomRows(random, 110, 128);
      const nextTokens = hidden.map(() => randomInteger(random, 0, 511));
      const all = await plainMtp(tiny.source, tiny.heads, { hidden, nextTokens, firstPosition: 0 }, mtp!.window);
      // Longer than the cache, so that the window moves, in pieces of every size that fits.
      for (let start = 0; start < hidden.length; ) {
        const end = Math.min(hidden.length, start + randomInteger(random, 1, mtp!.window));
        const { guesses, state } = await mtp!.run({
          hidden: Float32Array.from(hidden.slice(start, end).flat()),
          nextTokens: nextTokens.slice(start, end),
        });
        const expected = bestOf(all.logits[end - 1]!, tiny.heads.draftVocabulary, 4);
        assertClose(guesses, expected, `rows ${start} to ${end}`);
        const difference = Math.max(...all.states[end - 1]!.map((value, index) => Math.abs(value - state[index]!)));
        assert.ok(difference < 1e-3, `the state differs by ${difference}`);
        start = end;
      }
    });
  }

  it('say after forgotten rows what they would have said without them', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'q8' });
    const { mtp } = await load(tiny);
    const random = createRandom(4);
    const rows = (count: number) => ({
      hidden: Float32Array.from(randomRows(random, count, 128).flat()),
      nextTokens: Array.from({ length: count }, () => randomInteger(random, 0, 511)),
    });
    const [first, junk, second] = [rows(5), rows(3), rows(2)];
    await mtp!.run(rows(8));
    mtp!.clear();
    await mtp!.run(first);
    const straight = await mtp!.run(second);
    mtp!.clear();
    await mtp!.run(first);
    await mtp!.run(junk);
    mtp!.forgetLast(3);
    assert.equal(mtp!.rowCount, 5);
    const again = await mtp!.run(second);
    assert.deepEqual([again.guesses, [...again.state]], [straight.guesses, [...straight.state]]);
  });

  it('guess in a quantised package nearly what they guess in float32', async () => {
    const random = createRandom(5);
    const hidden = Float32Array.from(randomRows(random, 1, 128)[0]!);
    const probabilities: number[] = [];
    const ids: (readonly number[])[] = [];
    for (const quantization of ['f32', 'q8', 'q4', 'w8a8'] as const) {
      const tiny = await buildTinyHeads(directory(), { quantization });
      const { medusa, mtp } = await load(tiny);
      const fromMedusa = await medusa!.run(hidden, 70);
      const fromMtp = await mtp!.run({ hidden, nextTokens: [70] });
      ids.push([fromMedusa[0]!.ids[0]!, fromMtp.guesses.ids[0]!]);
      probabilities.push(fromMtp.guesses.probabilities[0]!);
      await loaded!.dispose();
      loaded = undefined;
    }
    assert.deepEqual(ids[1], ids[0]);
    assert.deepEqual(ids[2], ids[0]);
    assert.ok(Math.abs(probabilities[1]! / probabilities[0]! - 1) < 0.15, probabilities.join());
  });

  it('are undefined where a package lacks them or they are not asked for', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'q8' }, { methods: ['mtp'] });
    const heads = await load(tiny);
    assert.deepEqual([heads.medusa === undefined, heads.mtp === undefined], [true, false]);
    const none = await loadDraftHeads(tiny.directory, tiny.manifest, {
      threads: 1,
      warn: assert.fail,
      methods: ['medusa'],
    });
    assert.deepEqual(Object.keys(none), ['dispose']);
  });
});
