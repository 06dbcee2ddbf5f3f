import assert from 'node:assert/strict';
import type { DraftStep } from '../../../src/engine/draft/drafter.ts';
import type { HeadCalibration, HeadGuesses, MedusaHead } from '../../../src/engine/draft/draftHead.ts';
import { headBucket, priorChance } from '../../../src/engine/draft/draftHead.ts';
import type { DraftTree } from '../../../src/engine/draft/draftTree.ts';
import { MedusaDrafter } from '../../../src/engine/draft/medusaDrafter.ts';
import { createRandom, randomInteger } from '../../support/random.ts';

/** Acceptance equals the upper bound of the bin, less with depth. */
const CALIBRATION: HeadCalibration = {
  probabilityBins: [0.1, 0.4, 0.7, 1],
  acceptance: [
    [0.1, 0.4, 0.7, 0.9],
    [0.05, 0.2, 0.35, 0.5],
  ],
};

const byPrior = (_bucket: number, prior: number): number => prior;

function headSaying(guesses: readonly HeadGuesses[], onRun: MedusaHead['run'] | undefined = undefined): MedusaHead {
  return {
    calibration: CALIBRATION,
    run: async (hidden, lastToken) => {
      await onRun?.(hidden, lastToken);
      return guesses;
    },
  };
}

function stepOf(overrides: Partial<DraftStep> = {}): DraftStep {
  const hiddenStates = () => ({ rows: Float32Array.of(1, 2), tokens: [7] });
  return { generated: [5, 6], lastToken: 6, maxNodes: 8, hiddenStates, isWorth: () => true, ...overrides };
}

/** `token<parent token` of each node, in order. */
function drawTree(tree: DraftTree): readonly string[] {
  return tree.map(({ token, parent }) => `${token}<${parent === -1 ? 'root' : tree[parent]!.token}`);
}

/** Chances of every path that the guesses allow, best first. */
function allSurvivals(guesses: readonly HeadGuesses[], depth = 0, survival = 1): readonly number[] {
  const survivals = (guesses[depth]?.probabilities ?? []).flatMap((probability) => {
    const bucket = headBucket(CALIBRATION, depth, probability);
    const own = survival * priorChance(CALIBRATION, bucket);
    return [own, ...allSurvivals(guesses, depth + 1, own)];
  });
  return [...survivals].sort((left, right) => right - left);
}

describe('MedusaDrafter', () => {
  it('drafts the likeliest paths, parents first', async () => {
    const guesses = [
      { ids: [10, 11], probabilities: [0.8, 0.3] },
      { ids: [20, 21], probabilities: [0.65, 0.2] },
    ];
    const drafter = new MedusaDrafter(headSaying(guesses), byPrior);
    const tree = await drafter.propose(stepOf({ maxNodes: 4 }));
    assert.deepEqual(drawTree(tree), ['10<root', '11<root', '20<10', '21<10']);
    assert.deepEqual(
      tree.map(({ bucket, chance, source }) => [bucket, chance, source]),
      [
        [3, 0.9, 'medusa'],
        [1, 0.4, 'medusa'],
        [6, 0.35, 'medusa'],
        [5, 0.2, 'medusa'],
      ],
    );
  });

  it('drafts the best of all trees of its size, for random guesses', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = createRandom(seed);
      const guesses = Array.from({ length: randomInteger(random, 1, 4) }, () => {
        const count = randomInteger(random, 1, 4);
        return {
          ids: Array.from({ length: count }, (_, rank) => rank),
          probabilities: Array.from({ length: count }, () => random()),
        };
      });
      const maxNodes = randomInteger(random, 1, 12);
      const drafter = new MedusaDrafter(headSaying(guesses), byPrior, { maxNodes: 12 });
      const tree = await drafter.propose(stepOf({ maxNodes }));
      const survivals: number[] = [];
      for (const { parent, chance } of tree) {
        survivals.push(chance * (parent === -1 ? 1 : survivals[parent]!));
      }
      const best = allSurvivals(guesses).slice(0, maxNodes);
      assert.deepEqual(survivals, best, `seed ${seed}`);
    }
  });

  it('asks the head with the last hidden state and the last generated token', async () => {
    const calls: unknown[] = [];
    const head = headSaying([], async (hidden, token) => {
      calls.push([[...hidden], token]);
      return [];
    });
    const hiddenStates = (count: number) => ({ rows: Float32Array.of(count), tokens: [count] });
    assert.deepEqual(await new MedusaDrafter(head, byPrior).propose(stepOf({ hiddenStates })), []);
    assert.deepEqual(calls, [[[1], 6]]);
  });

  it('believes what was observed over what the head says', async () => {
    const guesses = [{ ids: [10, 11], probabilities: [0.8, 0.3] }];
    const drafter = new MedusaDrafter(headSaying(guesses), (bucket, prior) => (bucket === 3 ? 0.01 : prior));
    assert.deepEqual(drawTree(await drafter.propose(stepOf())), ['11<root', '10<root']);
  });

  it('drafts nothing where the runtime keeps no hidden states', async () => {
    const drafter = new MedusaDrafter(headSaying([{ ids: [1], probabilities: [1] }]), byPrior);
    assert.deepEqual(await drafter.propose(stepOf({ hiddenStates: () => undefined })), []);
  });
});
