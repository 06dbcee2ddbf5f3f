import assert from 'node:assert/strict';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import { typicalAcceptance } from '../../../src/engine/accept/typicalAcceptance.ts';
import { wholeDraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import { decode } from '../../../src/engine/decode.ts';
import type { DraftTree } from '../../../src/engine/draft/draftTree.ts';
import type { RowScores } from '../../../src/engine/targetModel.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { createRandomDrafter, randomTree } from '../../support/randomDrafts.ts';
import { TableModel } from '../../support/tableModel.ts';

const ENDLESS = Number.POSITIVE_INFINITY;

/** A row whose token `i` has the given probability; the best `topCount` come back as such, the others as wanted ones. */
function rowOf(probabilities: readonly number[], topCount = 8): RowScores {
  const logits = probabilities.map(Math.log);
  const topIds = Array.from(probabilities.keys())
    .sort((left, right) => probabilities[right]! - probabilities[left]! || left - right)
    .slice(0, topCount);
  return {
    topIds,
    topLogits: topIds.map((id) => logits[id]!),
    logSumExp: 0,
    entropy: -probabilities.reduce((sum, probability) => sum + probability * Math.log(probability), 0),
    wantedLogits: new Map(logits.entries()),
  };
}

/** A tree from `[token, parent]` pairs. */
function treeOf(...nodes: readonly (readonly [number, number])[]): DraftTree {
  return nodes.map(([token, parent]) => ({ token, parent, source: 'lookup', bucket: 0, chance: 1 }));
}

const SURE = [0.9, 0.08, 0.02];
const UNSURE = [0.4, 0.35, 0.25];

interface Case {
  readonly name: string;
  readonly threshold?: number;
  readonly delta?: number;
  readonly draft: DraftTree;
  readonly rows: readonly RowScores[];
  readonly expected: { readonly nodes: readonly number[]; readonly bonusToken: number };
}

const cases: readonly Case[] = [
  {
    name: 'rejects a token just below the threshold where the model is sure',
    draft: treeOf([1, -1]),
    rows: [rowOf(SURE), rowOf(UNSURE)],
    expected: { nodes: [], bonusToken: 0 },
  },
  {
    name: 'keeps it with a threshold just below its probability',
    threshold: 0.079,
    draft: treeOf([1, -1]),
    rows: [rowOf(SURE), rowOf([0.1, 0.2, 0.7])],
    expected: { nodes: [0], bonusToken: 2 },
  },
  {
    // exp(−H) = 0.340; 0.3 · 0.340 = 0.102 is below the threshold of 0.5.
    name: 'lowers the bound where the model is unsure',
    threshold: 0.5,
    delta: 0.3,
    draft: treeOf([2, -1]),
    rows: [rowOf(UNSURE), rowOf(SURE)],
    expected: { nodes: [0], bonusToken: 0 },
  },
  {
    name: 'takes the square root of the threshold for delta: 0.75 · 0.340 = 0.255 stands above 0.25',
    threshold: 0.5625,
    draft: treeOf([2, -1]),
    rows: [rowOf(UNSURE), rowOf(SURE)],
    expected: { nodes: [], bonusToken: 0 },
  },
  {
    name: 'and 0.70 · 0.340 = 0.238 below it',
    threshold: 0.49,
    draft: treeOf([2, -1]),
    rows: [rowOf(UNSURE), rowOf(SURE)],
    expected: { nodes: [0], bonusToken: 0 },
  },
  {
    name: 'keeps the arg-max even below the bound',
    threshold: 1,
    delta: ENDLESS,
    draft: treeOf([0, -1]),
    rows: [rowOf(UNSURE), rowOf(SURE)],
    expected: { nodes: [0], bonusToken: 0 },
  },
  {
    name: 'prefers a longer path to one that starts with the arg-max',
    draft: treeOf([0, -1], [1, -1], [2, 1]),
    rows: [rowOf(UNSURE), rowOf(SURE), rowOf([0.1, 0.1, 0.8]), rowOf([0.2, 0.7, 0.1])],
    expected: { nodes: [1, 2], bonusToken: 1 },
  },
  {
    name: 'prefers the more probable of two paths of one length',
    draft: treeOf([1, -1], [0, -1]),
    rows: [rowOf(UNSURE), rowOf(SURE), rowOf([0.1, 0.7, 0.2])],
    expected: { nodes: [1], bonusToken: 1 },
  },
  {
    name: 'keeps nothing below a rejected token',
    draft: treeOf([2, -1], [0, 0], [0, 1]),
    rows: [rowOf(SURE), rowOf(SURE), rowOf(SURE), rowOf(SURE)],
    expected: { nodes: [], bonusToken: 0 },
  },
  {
    name: 'reads the logit of a token that is not among the best few',
    draft: treeOf([2, -1]),
    rows: [rowOf(UNSURE, 1), rowOf(SURE, 1)],
    expected: { nodes: [0], bonusToken: 0 },
  },
  {
    name: 'rejects a token that is not among the best few by its own logit, not by that of the last of them',
    draft: treeOf([2, -1]),
    rows: [rowOf(SURE, 1), rowOf(SURE, 1)],
    expected: { nodes: [], bonusToken: 0 },
  },
];

/** A random tree over the table model's vocabulary with the scores of its rows. */
function randomScoredTree(model: TableModel, random: () => number): { draft: DraftTree; scores: readonly RowScores[] } {
  const context = [randomInteger(random, 0, 1000)];
  const draft = randomTree(random, 12, () => randomInteger(random, 0, model.vocabularySize - 1));
  const paths: (readonly number[])[] = [];
  for (const { token, parent } of draft) {
    paths.push([...(paths[parent] ?? context), token]);
  }
  const everyToken = Array.from({ length: model.vocabularySize }, (_, token) => token);
  return { draft, scores: [context, ...paths].map((path) => model.score(path, 'top', everyToken)) };
}

describe('typicalAcceptance', () => {
  for (const { name, threshold = 0.09, delta, draft, rows, expected } of cases) {
    it(name, () => {
      const rule = typicalAcceptance({ threshold, ...(delta === undefined ? {} : { delta }) });
      assert.deepEqual(rule.accept(draft, rows), expected);
    });
  }

  it('never keeps fewer tokens than exact acceptance, and more of them for some random trees', () => {
    const random = createRandom(11);
    const model = new TableModel({ vocabularySize: 12, seed: 11 });
    const gains: number[] = [];
    for (let round = 0; round < 2000; round++) {
      const { draft, scores } = randomScoredTree(model, random);
      const rule = typicalAcceptance({ threshold: random() });
      const kept = rule.accept(draft, scores).nodes.length;
      gains.push(kept - exactAcceptance.accept(draft, scores).nodes.length);
    }
    assert.ok(Math.min(...gains) === 0 && Math.max(...gains) > 0);
  });

  it('equals exact acceptance where nothing but the arg-max can pass the bound', () => {
    const random = createRandom(12);
    const model = new TableModel({ vocabularySize: 4, seed: 12 });
    const rule = typicalAcceptance({ threshold: 1, delta: ENDLESS });
    for (let round = 0; round < 2000; round++) {
      const { draft, scores } = randomScoredTree(model, random);
      assert.deepEqual(rule.accept(draft, scores), exactAcceptance.accept(draft, scores));
    }
  });

  it('is not exact acceptance at threshold 1 alone: a second-best token can pass exp(−entropy)', () => {
    const scores = [rowOf([0.45, 0.4, 0.15]), rowOf(SURE)];
    const draft = treeOf([1, -1]);
    assert.deepEqual(typicalAcceptance({ threshold: 1 }).accept(draft, scores).nodes, [0]);
    assert.deepEqual(exactAcceptance.accept(draft, scores).nodes, []);
  });

  it('writes, through the decode loop, tokens that are the best or above the bound, and not only the best', async () => {
    const random = createRandom(13);
    const threshold = 0.09;
    let unlikely = 0;
    for (let seed = 0; seed < 200; seed++) {
      const model = new TableModel({ vocabularySize: 40, seed });
      const path = [1, 2, 3];
      const drafter = createRandomDrafter({
        random,
        rightShare: 0.9,
        rightToken: (generated) =>
          model.score([...path.slice(0, 3), ...generated], 'top').topIds[randomInteger(random, 0, 1)],
        wrongToken: () => randomInteger(random, 0, 39),
      });
      const request = {
        promptTokens: [1, 2, 3],
        mask: undefined,
        drafter,
        planner: wholeDraftPlanner,
        acceptance: typicalAcceptance({ threshold }),
        maxDraftNodes: 8,
        endsText: () => false,
        maxTokens: 12,
        stopTokens: new Set<number>(),
        signal: { isCancellationRequested: false },
      };
      for await (const step of decode(model, model.createCache(), request, { now: () => 0 })) {
        for (const { id } of step.tokens) {
          const { topIds, logSumExp, entropy, logits } = model.score(path, 'logits');
          const bound = Math.min(threshold, Math.sqrt(threshold) * Math.exp(-entropy));
          const isBest = id === topIds[0];
          assert.ok(isBest || Math.exp(logits![id]! - logSumExp) > bound, `seed ${seed}, token ${path.length}`);
          unlikely += isBest ? 0 : 1;
          path.push(id);
        }
      }
    }
    assert.ok(unlikely > 50, `${unlikely} tokens that are not the best`);
  });
});
