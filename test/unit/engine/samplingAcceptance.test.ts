import assert from 'node:assert/strict';
import type { AcceptanceRule } from '../../../src/engine/accept/acceptanceRule.ts';
import { acceptPath } from '../../../src/engine/accept/exactAcceptance.ts';
import { samplingAcceptance } from '../../../src/engine/accept/samplingAcceptance.ts';
import { wholeDraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import { decode } from '../../../src/engine/decode.ts';
import type { Drafter } from '../../../src/engine/draft/drafter.ts';
import type { DraftTree } from '../../../src/engine/draft/draftTree.ts';
import { offDrafter } from '../../../src/engine/draft/offDrafter.ts';
import type { RowScores } from '../../../src/engine/targetModel.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { randomTree } from '../../support/randomDrafts.ts';
import { TableModel } from '../../support/tableModel.ts';

/** Flattens the table model's logits, which spread over 10, so that every text is drawn often enough to be counted. */
const TEMPERATURE = 6;
const SAMPLES = 20_000;
/** Standard normal quantile of the significance 0.001, at which a right rule passes; seeds are fixed. */
const PASS = 3.09;
/** Of the significance 1e-9, at which a wrong rule must fail. */
const FAIL = 6;

type Draw = (weights: ReadonlyMap<number, number>, drafted: readonly number[]) => number;

/** The target: softmax of the best logits at the temperature. */
function targetOf({ topIds, topLogits }: RowScores): ReadonlyMap<number, number> {
  const weights = topLogits.map((logit) => Math.exp(logit / TEMPERATURE));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return new Map(topIds.map((id, rank) => [id, weights[rank]! / sum]));
}

/** A draft with its right scores from the table model, after one context token. */
function scoresOf(model: TableModel, context: readonly number[], draft: DraftTree): readonly RowScores[] {
  const paths: (readonly number[])[] = [];
  for (const { token, parent } of draft) {
    paths.push([...(paths[parent] ?? context), token]);
  }
  return [context, ...paths].map((path) => model.score(path, 'top'));
}

function chainOf(...tokens: readonly number[]): DraftTree {
  return tokens.map((token, index) => ({ token, parent: index - 1, source: 'lookup', bucket: 0, chance: 1 }));
}

function siblings(...tokens: readonly number[]): DraftTree {
  return tokens.map((token) => ({ token, parent: -1, source: 'lookup', bucket: 0, chance: 1 }));
}

/**
 * How far counts are from what is expected, as a standard normal quantile: Pearson's chi-square statistic, cells with an
 * expectation below 5 in one, by the Wilson–Hilferty approximation (PNAS 17, 1931, p. 684).
 */
function deviation(counts: ReadonlyMap<string, number>, probabilities: ReadonlyMap<string, number>): number {
  const samples = Array.from(counts.values()).reduce((sum, count) => sum + count, 0);
  let statistic = 0;
  let cells = 0;
  const rare = { expected: 0, count: 0 };
  const add = (expected: number, count: number): void => {
    statistic += (count - expected) ** 2 / expected;
    cells++;
  };
  for (const [outcome, probability] of probabilities) {
    const expected = probability * samples;
    const count = counts.get(outcome) ?? 0;
    if (expected >= 5) {
      add(expected, count);
    } else {
      rare.expected += expected;
      rare.count += count;
    }
  }
  if (rare.expected >= 5) {
    add(rare.expected, rare.count);
  }
  const strange = Array.from(counts.keys()).filter((outcome) => !probabilities.has(outcome));
  assert.deepEqual(strange, [], 'outcomes that cannot be');
  const freedom = cells - 1;
  const variance = 2 / (9 * freedom);
  return (Math.cbrt(statistic / freedom) - (1 - variance)) / Math.sqrt(variance);
}

function count(outcomes: Map<string, number>, tokens: readonly number[]): void {
  const outcome = tokens.join(' ');
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

/** Draws a token in proportion to its weight. */
function draw(weights: ReadonlyMap<number, number>, random: () => number): number {
  const sum = Array.from(weights.values()).reduce((total, weight) => total + weight, 0);
  let left = random() * sum;
  for (const [token, weight] of weights) {
    left -= weight;
    if (left < 0) {
      return token;
    }
  }
  throw new Error('no token has weight');
}

function without(weights: ReadonlyMap<number, number>, tokens: readonly number[]): ReadonlyMap<number, number> {
  return new Map(Array.from(weights).filter(([token]) => !tokens.includes(token)));
}

function ruleOf(drawToken: Draw): AcceptanceRule {
  return {
    dependsOnRowsAlone: false,
    needsDraftedLogits: false,
    chooseToken: (scores) => drawToken(targetOf(scores), []),
    accept: (draft, scores) => acceptPath(draft, scores, (row, drafted) => drawToken(targetOf(row), drafted)),
  };
}

/** Mistakes that are easily made. */
const wrongRules: Readonly<Record<string, (random: () => number) => AcceptanceRule>> = {
  'accepts a sibling with its probability, not with its share of what is left': (random) =>
    ruleOf((weights, drafted) => {
      const kept = drafted.find((token) => random() < (weights.get(token) ?? 0));
      return kept ?? draw(without(weights, drafted), random);
    }),
  'draws from the whole distribution after a rejection': (random) =>
    ruleOf((weights, drafted) => {
      const kept = drafted.find((token) => random() < (weights.get(token) ?? 0) / remaining(weights, drafted, token));
      return kept ?? draw(weights, random);
    }),
  'accepts whatever is drafted': (random) => ruleOf((weights, drafted) => drafted[0] ?? draw(weights, random)),
};

function remaining(weights: ReadonlyMap<number, number>, drafted: readonly number[], token: number): number {
  const before = drafted.slice(0, drafted.indexOf(token));
  return 1 - before.reduce((sum, other) => sum + (weights.get(other) ?? 0), 0);
}

/** Draws the token after a context with a draft in place; the accepted path's first token or the bonus token is it. */
function firstTokens(rule: AcceptanceRule, model: TableModel, draft: DraftTree): ReadonlyMap<string, number> {
  const scores = scoresOf(model, CONTEXT, draft);
  const outcomes = new Map<string, number>();
  for (let sample = 0; sample < SAMPLES; sample++) {
    const { nodes, bonusToken } = rule.accept(draft, scores);
    count(outcomes, [nodes.length === 0 ? bonusToken : draft[nodes[0]!]!.token]);
  }
  return outcomes;
}

const CONTEXT = [5];

describe('samplingAcceptance', () => {
  const wide = new TableModel({ vocabularySize: 24, seed: 3 });
  const ranked = wide.score(CONTEXT, 'top').topIds;
  const unlisted = Array.from({ length: 24 }, (_, token) => token).find((token) => !ranked.includes(token))!;
  const oneToken = new Map(
    Array.from(targetOf(wide.score(CONTEXT, 'top')), ([token, probability]) => [String(token), probability] as const),
  );

  const drafts: Readonly<Record<string, DraftTree>> = {
    'no draft': [],
    'a chain that starts with the best token': chainOf(ranked[0]!, 4, 9),
    'a chain that starts with an unlikely token': chainOf(ranked[7]!, 4, 9),
    'two siblings': siblings(ranked[1]!, ranked[0]!),
    'every token that can be drawn': siblings(...ranked.toReversed()),
    'siblings, one of which cannot be drawn': siblings(unlisted, ranked[2]!, ranked[0]!),
  };
  for (const [name, draft] of Object.entries(drafts)) {
    it(`draws the next token from the target distribution over the best eight, given ${name}`, () => {
      const rule = samplingAcceptance({ temperature: TEMPERATURE, random: createRandom(21) });
      const z = deviation(firstTokens(rule, wide, draft), oneToken);
      assert.ok(z < PASS, `deviation ${z}`);
    });
  }

  for (const [mistake, createRule] of Object.entries(wrongRules)) {
    it(`is told from a rule that ${mistake}`, () => {
      const z = deviation(firstTokens(createRule(createRandom(22)), wide, drafts['two siblings']!), oneToken);
      assert.ok(z > FAIL, `deviation ${z}`);
    });
  }

  it('keeps drafts as often as the target model would write them', () => {
    const rule = samplingAcceptance({ temperature: TEMPERATURE, random: createRandom(23) });
    const draft = siblings(ranked[0]!, ranked[3]!);
    const scores = scoresOf(wide, CONTEXT, draft);
    let kept = 0;
    for (let sample = 0; sample < SAMPLES; sample++) {
      kept += rule.accept(draft, scores).nodes.length;
    }
    const expected = oneToken.get(String(ranked[0]))! + oneToken.get(String(ranked[3]))!;
    const spread = Math.sqrt((expected * (1 - expected)) / SAMPLES);
    assert.ok(Math.abs(kept / SAMPLES - expected) < PASS * spread, `${kept / SAMPLES} for ${expected}`);
  });

  it('comes near the arg-max at a low temperature, and refuses one that is not above 0', () => {
    const rule = samplingAcceptance({ temperature: 1e-3, random: createRandom(24) });
    const draft = siblings(ranked[1]!, ranked[0]!);
    assert.deepEqual(rule.accept(draft, scoresOf(wide, CONTEXT, draft)), {
      nodes: [1],
      bonusToken: wide.score([...CONTEXT, ranked[0]!], 'top').topIds[0],
    });
    for (const temperature of [0, -1, Number.NaN]) {
      assert.throws(() => samplingAcceptance({ temperature, random: () => 0 }), RangeError);
    }
  });

  describe('through the decode loop', () => {
    const PROMPT = [1, 2];
    const LENGTH = 4;
    const VOCABULARY = 4;
    const model = new TableModel({ vocabularySize: VOCABULARY, seed: 8 });
    const everyText = textsOf(model, PROMPT, LENGTH);

    /** Counts the first tokens of many runs, each with the same drafter. */
    async function countTexts(rule: AcceptanceRule, drafter: Drafter) {
      const outcomes = new Map<string, number>();
      let accepted = 0;
      for (let sample = 0; sample < SAMPLES; sample++) {
        const text: number[] = [];
        const request = {
          promptTokens: PROMPT,
          mask: undefined,
          drafter,
          planner: wholeDraftPlanner,
          acceptance: rule,
          maxDraftNodes: 6,
          endsText: () => false,
          maxTokens: LENGTH + 6,
          stopTokens: new Set<number>(),
          signal: { isCancellationRequested: false },
        };
        for await (const step of decode(model, model.createCache(), request, { now: () => 0 })) {
          text.push(...step.tokens.map(({ id }) => id));
          accepted += step.kind === 'decode' ? step.accepted : 0;
          if (text.length >= LENGTH) {
            break;
          }
        }
        count(outcomes, text.slice(0, LENGTH));
      }
      return { outcomes, accepted };
    }

    const chainDrafter = drafterOf((generated, maxNodes) =>
      chainOf(...model.decodeGreedily([...PROMPT, ...generated], Math.min(3, maxNodes), new Set())),
    );
    const draftRandom = createRandom(33);
    const treeDrafter = drafterOf((_, maxNodes) =>
      randomTree(draftRandom, maxNodes, () => randomInteger(draftRandom, 0, VOCABULARY - 1)),
    );
    const siblingDrafter = drafterOf(() => siblings(0, 1, 2));

    for (const [name, drafter] of Object.entries({ off: offDrafter, chain: chainDrafter, tree: treeDrafter })) {
      it(`draws texts of ${LENGTH} tokens from the target distribution, drafts: ${name}`, async function () {
        this.timeout(60_000);
        const rule = samplingAcceptance({ temperature: TEMPERATURE, random: createRandom(31) });
        const { outcomes, accepted } = await countTexts(rule, drafter);
        const z = deviation(outcomes, everyText);
        assert.ok(z < PASS, `deviation ${z}`);
        assert.equal(accepted > SAMPLES / 2, drafter !== offDrafter);
      });
    }

    for (const [mistake, createRule] of Object.entries(wrongRules)) {
      it(`is told from a rule that ${mistake}`, async function () {
        this.timeout(60_000);
        const { outcomes } = await countTexts(createRule(createRandom(32)), siblingDrafter);
        const z = deviation(outcomes, everyText);
        assert.ok(z > FAIL, `deviation ${z}`);
      });
    }
  });
});

function drafterOf(propose: (generated: readonly number[], maxNodes: number) => DraftTree): Drafter {
  return { method: 'lookup', begin() {}, propose: ({ generated, maxNodes }) => propose(generated, maxNodes) };
}

/** Probability of every text of this length, from the model's scores alone. */
function textsOf(model: TableModel, prompt: readonly number[], length: number): ReadonlyMap<string, number> {
  let texts: readonly { readonly tokens: readonly number[]; readonly probability: number }[] = [
    { tokens: [], probability: 1 },
  ];
  for (let depth = 0; depth < length; depth++) {
    texts = texts.flatMap(({ tokens, probability }) =>
      Array.from(targetOf(model.score([...prompt, ...tokens], 'top')), ([token, next]) => ({
        tokens: [...tokens, token],
        probability: probability * next,
      })),
    );
  }
  return new Map(texts.map(({ tokens, probability }) => [tokens.join(' '), probability]));
}
