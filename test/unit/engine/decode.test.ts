import assert from 'node:assert/strict';
import { CancelledError } from '../../../src/base/cancellation.ts';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import { wholeDraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import type { DecodeRequest } from '../../../src/engine/decode.ts';
import { decode } from '../../../src/engine/decode.ts';
import type { Drafter } from '../../../src/engine/draft/drafter.ts';
import type { DraftNode, DraftTree } from '../../../src/engine/draft/draftTree.ts';
import { offDrafter } from '../../../src/engine/draft/offDrafter.ts';
import type { KeyValueCache } from '../../../src/engine/targetModel.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { TableModel } from '../../support/tableModel.ts';

const clock = { now: () => 0 };
const VOCABULARY = 16;

function requestFor(promptTokens: readonly number[], overrides: Partial<DecodeRequest> = {}): DecodeRequest {
  return {
    promptTokens,
    mask: undefined,
    drafter: offDrafter,
    planner: wholeDraftPlanner,
    acceptance: exactAcceptance,
    maxDraftNodes: 8,
    endsText: () => false,
    maxTokens: 24,
    stopTokens: new Set([3]),
    signal: { isCancellationRequested: false },
    ...overrides,
  };
}

async function collect(model: TableModel, cache: KeyValueCache, request: DecodeRequest): Promise<number[]> {
  const tokens: number[] = [];
  for await (const step of decode(model, cache, request, clock)) {
    tokens.push(...step.tokens.map((token) => token.id));
  }
  return tokens;
}

/** Drafts random trees in which about half of the branches follow what the model would say. */
function createRandomDrafter(model: TableModel, prompt: readonly number[], random: () => number): Drafter {
  return {
    method: 'lookup',
    begin() {},
    propose: ({ generated, maxNodes }): DraftTree => {
      const nodes: DraftNode[] = [];
      const pathTo = (node: number): number[] =>
        node === -1 ? [] : [...pathTo(nodes[node]!.parent), nodes[node]!.token];
      const count = randomInteger(random, 0, maxNodes);
      for (let index = 0; index < count; index++) {
        const parent = randomInteger(random, -1, nodes.length - 1);
        const right = model.score([...prompt, ...generated, ...pathTo(parent)], 'top').topIds[0]!;
        const token = random() < 0.6 ? right : randomInteger(random, 0, VOCABULARY - 1);
        if (!nodes.some((node) => node.parent === parent && node.token === token)) {
          nodes.push({ token, parent, source: 'lookup', bucket: 0, chance: random() });
        }
      }
      return nodes;
    },
  };
}

describe('decode', () => {
  it('writes what plain greedy decoding writes, for random prompts, drafts, caches and stop tokens', async () => {
    for (let seed = 0; seed < 400; seed++) {
      const random = createRandom(seed);
      const model = new TableModel({
        vocabularySize: VOCABULARY,
        seed,
        prefillChunkTokens: randomInteger(random, 1, 9),
      });
      const cache = model.createCache();
      let prompt = Array.from({ length: randomInteger(random, 1, 30) }, () => randomInteger(random, 0, VOCABULARY - 1));
      for (let round = 0; round < 3; round++) {
        const drafter = random() < 0.2 ? offDrafter : createRandomDrafter(model, prompt, random);
        const request = requestFor(prompt, { drafter, maxTokens: randomInteger(random, 1, 24) });
        const expected = model.decodeGreedily(prompt, request.maxTokens, request.stopTokens);
        assert.deepEqual(await collect(model, cache, request), expected, `seed ${seed}, round ${round}`);
        // The next prompt shares a start with this one, as keystrokes and deletions do.
        prompt = [...prompt, ...expected].slice(0, randomInteger(random, 1, prompt.length + expected.length));
        prompt.push(randomInteger(random, 0, VOCABULARY - 1));
      }
    }
  });

  it('takes fewer forwards when drafts are right', async () => {
    const model = new TableModel({ vocabularySize: VOCABULARY, seed: 1 });
    const rightDrafter: Drafter = {
      method: 'lookup',
      begin() {},
      propose: ({ generated, maxNodes }) =>
        model
          .decodeGreedily([1, 2, ...generated], Math.min(4, maxNodes), new Set())
          .map((token, index) => ({ token, parent: index - 1, source: 'lookup', bucket: 0, chance: 1 })),
    };
    const request = requestFor([1, 2], { drafter: rightDrafter, maxTokens: 21, stopTokens: new Set() });
    assert.equal((await collect(model, model.createCache(), request)).length, 21);
    assert.equal(model.forwards, 1 + 4);
  });

  it('prefills only what the cache lacks', async () => {
    const model = new TableModel({ vocabularySize: VOCABULARY, seed: 5, prefillChunkTokens: 64 });
    const cache = model.createCache();
    const freshTokens = async (prompt: readonly number[]): Promise<number> => {
      const first = await decode(model, cache, requestFor(prompt), clock).next();
      return first.done !== true && first.value.kind === 'prefill' ? first.value.freshTokens : -1;
    };
    assert.equal(await freshTokens([1, 2, 3, 4, 5]), 5);
    assert.equal(await freshTokens([1, 2, 3, 4, 5]), 1);
    assert.equal(await freshTokens([1, 2, 3, 4, 5, 6, 7]), 2);
    assert.equal(await freshTokens([1, 2, 9]), 1);
  });

  it('stops between two forwards when cancelled, at any step, and the cache stays usable', async () => {
    for (let cancelAfter = 0; cancelAfter < 10; cancelAfter++) {
      const model = new TableModel({ vocabularySize: VOCABULARY, seed: 7, prefillChunkTokens: 3 });
      const cache = model.createCache();
      const prompt = [4, 5, 6, 7, 8, 9, 10];
      const signal = {
        get isCancellationRequested() {
          return model.forwards >= cancelAfter;
        },
      };
      const request = requestFor(prompt, { signal, stopTokens: new Set() });
      await assert.rejects(collect(model, cache, request), CancelledError);
      assert.equal(model.forwards, cancelAfter);
      const again = await collect(model, cache, requestFor(prompt, { stopTokens: new Set() }));
      assert.deepEqual(again, model.decodeGreedily(prompt, 24, new Set()));
    }
  });
});
