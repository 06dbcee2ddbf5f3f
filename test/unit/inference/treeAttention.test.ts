import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DraftTree } from '../../../src/engine/draft/draftTree.ts';
import type { TargetModel } from '../../../src/engine/targetModel.ts';
import { loadModel } from '../../../src/inference/worker/onnx/loadModel.ts';
import type { Quantization } from '../../../src/model/manifest.ts';
import { buildTinyModel } from '../../../src/model/tinyModel.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { randomTree } from '../../support/randomDrafts.ts';
import { commitChain, compareWithPaths, largestDifference, logitsOf, pathTo } from '../../support/treePaths.ts';

/**
 * Attention adds the columns up in groups that depend on where they are, so rows with strangers between them and their
 * ancestors differ in the last bits of a sum; rounding activations to 8 bits turns some of those into more.
 */
const TOLERANCES: readonly (readonly [Quantization, number])[] = [
  ['f32', 1e-4],
  ['q8', 0.5],
  ['w8a8', 0.5],
  ['q4', 0.5],
];
const TREES = 12;
const MAX_NODES = 20;

for (const [quantization, tolerance] of TOLERANCES) {
  describe(`tree attention of a tiny ${quantization} model on the CPU`, () => {
    let folder: string;
    let model: TargetModel;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'foretoken-trees-'));
      const built = await buildTinyModel(folder, { quantization });
      assert.ok(built.ok);
      model = (await loadModel(folder, built.value, { device: 'cpu', threads: 1 })).model.target;
    });

    after(async () => {
      await model.dispose();
      await rm(folder, { recursive: true, force: true });
    });

    function createCase(seed: number) {
      const random = createRandom(seed);
      const anyToken = (): number => randomInteger(random, 0, model.vocabularySize - 1);
      const context = Array.from({ length: randomInteger(random, 1, 100) }, anyToken);
      return { random, context, lastToken: anyToken(), draft: randomTree(random, MAX_NODES, anyToken) };
    }

    it('gives every row the logits that its path has when run alone, bit for bit where the path is in line', async () => {
      let [inLine, branched, branchedRows] = [0, 0, 0];
      for (let seed = 0; seed < TREES; seed++) {
        const { context, lastToken, draft } = createCase(seed);
        const cache = model.createCache();
        await commitChain(model, cache, context);
        const found = await compareWithPaths(model, cache, lastToken, draft);
        inLine = Math.max(inLine, found.inLine);
        branched = Math.max(branched, found.branched);
        branchedRows += found.branchedRows;
      }
      assert.ok(branchedRows > 100);
      assert.equal(inLine, 0);
      assert.ok(branched <= tolerance, `a logit differs by ${branched}`);
    });

    it('goes on after a committed tree path as after the same tokens in line', async () => {
      let largest = 0;
      for (let seed = 0; seed < TREES; seed++) {
        const { random, context, lastToken, draft } = createCase(100 + seed);
        const path = pathTo(draft, randomInteger(random, 0, draft.length - 1));
        const cache = model.createCache();
        await commitChain(model, cache, context);
        await logitsOf(model, cache, lastToken, draft);
        cache.commit([0, ...path.map((node) => node + 1)]);
        const plainCache = model.createCache();
        await commitChain(model, plainCache, [...context, lastToken, ...path.map((node) => draft[node]!.token)]);
        assert.deepEqual(cache.tokens, plainCache.tokens);
        const [afterTree, afterChain] = [
          await logitsOf(model, cache, 7, draft),
          await logitsOf(model, plainCache, 7, draft),
        ];
        afterTree.forEach((logits, row) => {
          largest = Math.max(largest, largestDifference(logits, afterChain[row]!));
        });
      }
      assert.ok(largest <= tolerance, `a logit differs by ${largest}`);
    });

    it('gives a row other logits when one of its ancestors hangs elsewhere', async () => {
      const tokens = [5, 6, 7, 8];
      const treeOf = (parents: readonly number[]): DraftTree =>
        tokens.map((token, node) => ({ token, parent: parents[node]!, source: 'lookup', bucket: 0, chance: 1 }));
      const cache = model.createCache();
      await commitChain(model, cache, [1, 2, 3]);
      const [right, wrong] = [
        await logitsOf(model, cache, 4, treeOf([-1, -1, 0, 2])),
        await logitsOf(model, cache, 4, treeOf([-1, -1, 1, 2])),
      ];
      assert.ok(largestDifference(right[3]!, wrong[3]!) > 2 * tolerance);
      assert.ok(largestDifference(right[4]!, wrong[4]!) > 2 * tolerance);
    });
  });
}
