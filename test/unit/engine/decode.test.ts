import assert from 'node:assert/strict';
import { CancelledError } from '../../../src/base/cancellation.ts';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import type { DecodeRequest } from '../../../src/engine/decode.ts';
import { decode } from '../../../src/engine/decode.ts';
import type { Drafter } from '../../../src/engine/draft/drafter.ts';
import type { DraftTree } from '../../../src/engine/draft/draftTree.ts';
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
    acceptance: exactAcceptance,
    maxDraftNodes: 8,
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
function createRandomDrafter(model: TableModel, random: () => number): Drafter {
  return {
    method: 'lookup',
    propose: (known, maxNodes): DraftTree => {
      const tokens: number[] = [];
      const parents: number[] = [];
      const pathTo = (node: number): number[] => (node === -1 ? [] : [...pathTo(parents[node]!), tokens[node]!]);
      const count = randomInteger(random, 0, maxNodes);
      for (let node = 0; node < count; node++) {
        const parent = randomInteger(random, -1, node - 1);
        const right = model.score([...known, ...pathTo(parent)], 'top').topIds[0]!;
        tokens.push(random() < 0.6 ? right : randomInteger(random, 0, VOCABULARY - 1));
        parents.push(parent);
      }
      return { tokens, parents };
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
        const drafter = random() < 0.2 ? offDrafter : createRandomDrafter(model, random);
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
      propose: (known, maxNodes) => {
        const tokens = model.decodeGreedily(known, Math.min(4, maxNodes), new Set());
        return { tokens, parents: tokens.map((_, index) => index - 1) };
      },
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
