import assert from 'node:assert/strict';
import { CancelledError } from '../../../src/base/cancellation.ts';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import { typicalAcceptance } from '../../../src/engine/accept/typicalAcceptance.ts';
import type { DraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import { selectNodes, usableDraft, wholeDraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import type { DecodeRequest, DecodeStep } from '../../../src/engine/decode.ts';
import { decode } from '../../../src/engine/decode.ts';
import type { Drafter } from '../../../src/engine/draft/drafter.ts';
import { offDrafter } from '../../../src/engine/draft/offDrafter.ts';
import type { KeyValueCache, RowScores } from '../../../src/engine/targetModel.ts';
import type { TokenMask } from '../../../src/engine/writtenText.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { createRandomDrafter } from '../../support/randomDrafts.ts';
import { TableModel } from '../../support/tableModel.ts';

const clock = { now: () => 0 };
const VOCABULARY = 16;
const CASES = 10_000;

/** Keeps what the model itself would write, as `exactAcceptance` does, by way of the other rule. */
const strictTypical = typicalAcceptance({ threshold: 1, delta: Number.POSITIVE_INFINITY });

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

/** Verifies a random part of what can be of use. */
function createRandomPlanner(random: () => number): DraftPlanner {
  return {
    isWorth: () => true,
    choose: (proposed, limits) => {
      const usable = usableDraft(proposed, limits);
      const kept = new Set([-1]);
      usable.forEach(({ parent }, node) => {
        if (kept.has(parent) && kept.size <= limits.maxNodes && random() < 0.9) {
          kept.add(node);
        }
      });
      return selectNodes(usable, (node) => kept.has(node));
    },
    observe() {},
  };
}

/** Allows every third token for some steps, then everything. */
function createMask(steps: number): TokenMask | undefined {
  if (steps === 0) {
    return undefined;
  }
  const bestAllowed = ({ logits }: RowScores): number => {
    const allowed = Array.from(logits!.keys()).filter((token) => token % 3 === steps % 3);
    return allowed.reduce((best, token) => (logits![token]! > logits![best]! ? token : best));
  };
  return {
    bestAllowed,
    allows: (token) => token % 3 === steps % 3,
    after: () => createMask(steps - 1),
    isWithin: (other) => other === undefined || [0, 1, 2].every((token) => token !== steps % 3 || other.allows(token)),
  };
}

/** What plain greedy decoding writes under the mask. */
function decodeMasked(model: TableModel, prompt: readonly number[], request: DecodeRequest): number[] {
  const written: number[] = [];
  let { mask } = request;
  while (mask !== undefined && written.length < request.maxTokens) {
    const next = mask.bestAllowed(model.score([...prompt, ...written], 'logits'));
    if (request.stopTokens.has(next)) {
      return written;
    }
    written.push(next);
    mask = mask.after(next);
  }
  const { maxTokens, stopTokens } = request;
  return [...written, ...model.decodeGreedily([...prompt, ...written], maxTokens - written.length, stopTokens)];
}

/** What random cases must have met to mean anything. */
const SITUATIONS = [
  'branch accepted past its sibling',
  'cancelled after accepted drafts',
  'cancelled before the first token',
  'chain accepted by a model that keeps chains only',
  'draft accepted after a mask',
  'draft accepted at once after the prompt',
  'draft accepted in part',
  'draft accepted under a mask',
  'draft accepted whole',
  'left in the middle of a step',
  'stop token accepted inside a draft',
  'went on from what was written',
  'went on under a narrower mask',
] as const;
type Situation = (typeof SITUATIONS)[number];

interface Outcome {
  readonly tokens: readonly number[];
  readonly end: 'whole' | 'cancelled' | 'left';
}

/** Runs a request until it ends, is cancelled, or its consumer has read enough tokens. */
async function runUntil(
  model: TableModel,
  cache: KeyValueCache,
  request: DecodeRequest,
  tokensRead: number,
  meet: (situation: Situation) => void,
): Promise<Outcome> {
  const tokens: number[] = [];
  let hasAccepted = false;
  try {
    for await (const step of decode(model, cache, request, clock)) {
      if (step.kind === 'decode' && step.accepted > 0 && tokens.length === 0) {
        meet('draft accepted at once after the prompt');
      }
      if (step.kind === 'prefill' && step.tokens.length > 0 && step.forwards === 0) {
        meet(step.maskedTokens > 0 ? 'went on under a narrower mask' : 'went on from what was written');
      }
      if (step.kind === 'decode' && step.accepted > 0) {
        hasAccepted = true;
        noteAccepted(step, model, request, meet);
      }
      for (const [index, { id }] of step.tokens.entries()) {
        if (tokens.length === tokensRead) {
          if (index > 0) {
            meet('left in the middle of a step');
          }
          return { tokens, end: 'left' };
        }
        tokens.push(id);
      }
    }
    return { tokens, end: 'whole' };
  } catch (error) {
    assert.ok(error instanceof CancelledError);
    if (hasAccepted) {
      meet('cancelled after accepted drafts');
    } else if (tokens.length === 0) {
      meet('cancelled before the first token');
    }
    return { tokens, end: 'cancelled' };
  }
}

function noteAccepted(
  step: Extract<DecodeStep, { kind: 'decode' }>,
  model: TableModel,
  request: DecodeRequest,
  meet: (situation: Situation) => void,
): void {
  meet(step.accepted === step.drafted ? 'draft accepted whole' : 'draft accepted in part');
  if (step.tokens.length < step.accepted) {
    meet('stop token accepted inside a draft');
  }
  if (!model.keepsTreePaths) {
    meet('chain accepted by a model that keeps chains only');
  }
  if (request.mask !== undefined) {
    meet(step.maskedTokens > 0 ? 'draft accepted under a mask' : 'draft accepted after a mask');
  }
}

/** A random request; `meet` hears of branches that are accepted although an earlier sibling stands before them. */
function randomRequest(
  model: TableModel,
  prompt: readonly number[],
  random: () => number,
  meet: (situation: Situation) => void,
): DecodeRequest {
  const cancelAtForward = random() < 0.3 ? model.forwards + randomInteger(random, 0, 12) : Number.POSITIVE_INFINITY;
  const drafter = createRandomDrafter({
    random,
    rightShare: 0.6,
    rightToken: (generated) => model.score([...prompt, ...generated], 'top').topIds[0]!,
    wrongToken: () => randomInteger(random, 0, VOCABULARY - 1),
  });
  const rule = random() < 0.8 ? exactAcceptance : strictTypical;
  return requestFor(prompt, {
    mask: createMask(random() < 0.2 ? randomInteger(random, 1, 3) : 0),
    drafter: random() < 0.1 ? offDrafter : drafter,
    planner: random() < 0.5 ? wholeDraftPlanner : createRandomPlanner(random),
    acceptance: {
      ...rule,
      accept: (draft, scores) => {
        const path = rule.accept(draft, scores);
        if (path.nodes.some((node, index) => node !== index)) {
          meet('branch accepted past its sibling');
        }
        return path;
      },
    },
    maxDraftNodes: randomInteger(random, 0, 16),
    minDraftChance: random() < 0.5 ? 0 : random(),
    endsText: (token) => token % 5 === 0,
    maxTokens: randomInteger(random, 1, 24),
    goesOn: random() < 0.7,
    stopTokens: new Set(random() < 0.3 ? [3, 11] : [3]),
    signal: {
      get isCancellationRequested() {
        return model.forwards >= cancelAtForward;
      },
    },
  });
}

/** A few requests over one cache, each of which has to write what plain greedy decoding writes, as far as it gets. */
async function checkCase(seed: number, meet: (situation: Situation) => void): Promise<void> {
  const random = createRandom(seed);
  const model = new TableModel({
    vocabularySize: VOCABULARY,
    seed,
    prefillChunkTokens: randomInteger(random, 1, 9),
    keepsTreePaths: random() < 0.7,
  });
  const cache = model.createCache();
  let prompt = Array.from({ length: randomInteger(random, 1, 30) }, () => randomInteger(random, 0, VOCABULARY - 1));
  const rounds = randomInteger(random, 2, 3);
  for (let round = 0; round < rounds; round++) {
    const request = randomRequest(model, prompt, random, meet);
    const tokensRead = random() < 0.2 ? randomInteger(random, 0, 10) : Number.POSITIVE_INFINITY;
    const { tokens, end } = await runUntil(model, cache, request, tokensRead, meet);
    const whole = decodeMasked(model, prompt, request);
    const expected = end === 'whole' ? whole : whole.slice(0, tokens.length);
    assert.deepEqual(tokens, expected, `seed ${seed}, round ${round}`);
    // The next prompt shares a start with this one, as keystrokes and deletions do.
    const isTypedAlong = random() < 0.4;
    const fewest = isTypedAlong ? prompt.length : 1;
    prompt = [...prompt, ...tokens].slice(0, randomInteger(random, fewest, prompt.length + tokens.length));
    if (!isTypedAlong) {
      prompt.push(randomInteger(random, 0, VOCABULARY - 1));
    }
  }
}

describe('decode', () => {
  it(`writes what plain greedy decoding writes, in ${CASES} random cases`, async function () {
    this.timeout(60_000);
    const met = new Set<Situation>();
    for (let seed = 0; seed < CASES; seed++) {
      await checkCase(seed, (situation) => met.add(situation));
    }
    assert.deepEqual(Array.from(met).sort(), SITUATIONS);
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
      let fresh = -1;
      for await (const step of decode(model, cache, requestFor(prompt, { maxTokens: 1 }), clock)) {
        fresh = step.kind === 'prefill' ? step.freshTokens : fresh;
      }
      return fresh;
    };
    assert.equal(await freshTokens([1, 2, 3, 4, 5]), 5);
    assert.equal(await freshTokens([1, 2, 3, 4, 5]), 1);
    assert.equal(await freshTokens([1, 2, 3, 4, 5, 6, 7]), 2);
    assert.equal(await freshTokens([1, 2, 9]), 1);
  });

  it('reads the prompt in smaller steps where it is asked to, with the same text', async () => {
    const model = new TableModel({ vocabularySize: VOCABULARY, seed: 5, prefillChunkTokens: 4 });
    const prompt = [1, 2, 3, 4, 5, 6, 7, 8];
    const texts: (readonly number[])[] = [];
    const forwards: number[] = [];
    for (const prefillRows of [undefined, 2, 100]) {
      const before = model.forwards;
      texts.push(await collect(model, model.createCache(), requestFor(prompt, { prefillRows, maxTokens: 1 })));
      forwards.push(model.forwards - before);
    }
    assert.deepEqual(forwards, [2, 4, 2]);
    assert.deepEqual(texts[1], texts[0]);
  });

  it('gives the chance of a masked token among what the mask allows', async () => {
    const model = new TableModel({ vocabularySize: VOCABULARY, seed: 9 });
    const prompt = [1, 2, 3];
    const mask = createMask(1)!;
    const scores = model.score(prompt, 'logits');
    const chosen = mask.bestAllowed(scores);
    const known = [...new Set([...scores.topIds.filter((id) => mask.allows(id)), chosen])];
    const weights = known.map((id) => Math.exp(scores.logits![id]!));
    const expected = Math.exp(scores.logits![chosen]!) / weights.reduce((sum, weight) => sum + weight, 0);
    const request = requestFor(prompt, { mask, maxTokens: 1, stopTokens: new Set() });
    const step = await decode(model, model.createCache(), request, clock).next();
    assert.ok(step.done !== true);
    assert.ok(Math.abs(Math.exp(step.value.tokens[0]!.logProbability) - expected) < 1e-6);
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
