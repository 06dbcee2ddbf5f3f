import assert from 'node:assert/strict';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import type { DraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import { selectNodes, usableDraft } from '../../../src/engine/control/draftPlanner.ts';
import { decode } from '../../../src/engine/decode.ts';
import { logProbability } from '../../../src/engine/targetModel.ts';
import type { GenerationTrace } from '../../../src/engine/trace.ts';
import { TraceRecorder } from '../../../src/engine/trace.ts';
import { createByteTokenizer } from '../../support/byteTokenizer.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { createRandomDrafter } from '../../support/randomDrafts.ts';
import { TableModel } from '../../support/tableModel.ts';

const PIECES = ['a', 'b', 'c', '', ' d', '\n', 'ef', 'é'];
const STOP = 3;
/** Texts of the model's tokens; one of them is half a character, and the stop token has none. */
const tokenizer = {
  ...createByteTokenizer(),
  bytesOf: (token: number) => (token === 7 ? '\u00c3' : PIECES[token]!),
};

/** Leaves out some of what is proposed, so that verified and proposed nodes are numbered differently. */
function forgetful(random: () => number): DraftPlanner {
  return {
    isWorth: () => true,
    choose: (proposed, limits) => {
      const usable = usableDraft(proposed, limits);
      const kept = new Set([-1]);
      usable.forEach(({ parent }, node) => {
        if (kept.has(parent) && kept.size <= limits.maxNodes && random() < 0.8) {
          kept.add(node);
        }
      });
      return selectNodes(usable, (node) => kept.has(node));
    },
    observe() {},
  };
}

interface Traced {
  readonly trace: GenerationTrace;
  readonly model: TableModel;
  readonly prompt: readonly number[];
  readonly written: readonly number[];
}

async function traceRandom(seed: number): Promise<Traced> {
  const random = createRandom(seed);
  const model = new TableModel({ vocabularySize: PIECES.length, seed });
  const prompt = [1, 2, randomInteger(random, 0, 7)];
  const drafter = createRandomDrafter({
    random,
    rightShare: 0.7,
    rightToken: (generated) => model.score([...prompt, ...generated], 'top').topIds[0]!,
    wrongToken: () => randomInteger(random, 0, 7),
  });
  const recorder = new TraceRecorder(tokenizer, 0);
  const written: number[] = [];
  const steps = decode(
    model,
    model.createCache(),
    {
      promptTokens: prompt,
      mask: undefined,
      drafter,
      planner: forgetful(random),
      acceptance: exactAcceptance,
      maxDraftNodes: 8,
      endsText: () => false,
      maxTokens: 20,
      stopTokens: new Set([STOP]),
      signal: { isCancellationRequested: false },
    },
    { now: () => 0 },
  );
  for await (const step of steps) {
    recorder.push(step);
    written.push(...step.tokens.map(({ id }) => id));
  }
  return { trace: recorder.finish(), model, prompt, written };
}

describe('TraceRecorder', () => {
  it('gives every written token its text, its origin and the model’s probability', async () => {
    let accepted = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { trace, model, prompt, written } = await traceRandom(seed);
      const tokens = trace.steps.flatMap((step) => step.tokens);
      assert.equal(tokens.length, written.length);
      tokens.forEach(({ probability }, index) => {
        const scores = model.score([...prompt, ...written.slice(0, index)], 'top');
        assert.ok(Math.abs(probability - Math.exp(logProbability(scores, written[index]!))) < 1e-9);
      });
      for (const step of trace.steps.filter(({ isEnd }) => !isEnd)) {
        const path = step.nodes.filter((node) => node.isAccepted);
        assert.deepEqual(
          step.tokens.map(({ origin }) => origin),
          [...path.map(({ source }) => source), 'model'],
        );
        accepted += path.length;
      }
    }
    assert.ok(accepted > 200);
  });

  it('keeps what was drafted and not verified, and gives verified tokens the model’s probability', async () => {
    const seen = { unverified: 0, rejected: 0, accepted: 0 };
    for (let seed = 1; seed <= 200; seed++) {
      const { trace } = await traceRandom(seed);
      for (const { nodes } of trace.steps) {
        for (const node of nodes) {
          assert.ok(node.parent === -1 || nodes[node.parent] !== undefined);
          assert.ok(node.isVerified || (!node.isAccepted && node.probability === undefined));
          assert.ok(!node.isAccepted || node.parent === -1 || nodes[node.parent]!.isAccepted);
          assert.equal(node.isVerified, node.probability !== undefined);
          seen[node.isAccepted ? 'accepted' : node.isVerified ? 'rejected' : 'unverified']++;
        }
      }
    }
    assert.ok(Math.min(seen.unverified, seen.rejected, seen.accepted) > 100, JSON.stringify(seen));
  });

  it('says where the model ended the text, marks halves of characters, and names a mask', () => {
    const recorder = new TraceRecorder(tokenizer, 2);
    const certain = { topIds: [0], topLogits: [0], logSumExp: 0, entropy: 0 };
    const half = { token: 7, parent: -1, source: 'mtp', bucket: 0, chance: 0.5 } as const;
    recorder.push({
      ...{ kind: 'prefill', freshTokens: 1, forwards: 1, ms: 5, maskedTokens: 1, isEnd: false },
      tokens: [{ id: 0, logProbability: 0 }],
    });
    recorder.push({
      ...{ kind: 'decode', method: 'mtp', drafted: 1, accepted: 1, draftMs: 2, verifyMs: 3, maskedTokens: 0 },
      proposed: [half],
      nodes: [{ ...half, isAccepted: true }],
      scores: [{ ...certain, topIds: [0, 7], topLogits: [Math.log(0.75), Math.log(0.25)] }, certain],
      tokens: [{ id: 7, logProbability: Math.log(0.25) }],
    });
    assert.deepEqual(recorder.finish(), {
      typedChars: 2,
      steps: [
        {
          ...{ nodes: [], isEnd: false, draftMs: 0, forwardMs: 5 },
          tokens: [{ text: 'a', origin: 'healed', probability: 1 }],
        },
        {
          nodes: [
            {
              ...{ text: '\uFFFD', parent: -1, source: 'mtp', chance: 0.5 },
              ...{ isVerified: true, isAccepted: true, probability: 0.25 },
            },
          ],
          tokens: [{ text: '', origin: 'mtp', probability: 0.25 }],
          ...{ isEnd: true, draftMs: 2, forwardMs: 3 },
        },
      ],
    });
  });
});
