import assert from 'node:assert/strict';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import { wholeDraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import { decode } from '../../../src/engine/decode.ts';
import type { DraftContext } from '../../../src/engine/draft/drafter.ts';
import type { DraftTree } from '../../../src/engine/draft/draftTree.ts';
import { LookupDrafter } from '../../../src/engine/draft/lookup/lookupDrafter.ts';
import type { ForwardRows, KeyValueCache, RowScores, ScoreRequest } from '../../../src/engine/targetModel.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { TableModel } from '../../support/tableModel.ts';

function begin(context: Partial<DraftContext>, drafter = new LookupDrafter((_bucket, prior) => prior)): LookupDrafter {
  drafter.begin({ before: [], after: [], others: [], ...context });
  return drafter;
}

function propose(drafter: LookupDrafter, generated: readonly number[], maxNodes = 4): DraftTree {
  return drafter.propose({
    generated,
    lastToken: generated.at(-1) ?? -1,
    maxNodes,
    hiddenStates: () => undefined,
    isWorth: () => true,
  });
}

function childrenOf(tree: DraftTree, parent: number): readonly number[] {
  return tree.filter((node) => node.parent === parent).map(({ token }) => token);
}

/** Tokens along the likeliest children. */
function bestPath(tree: DraftTree): readonly number[] {
  const path: number[] = [];
  let parent = -1;
  for (;;) {
    const children = tree.map((node, index) => ({ ...node, index })).filter((node) => node.parent === parent);
    const best = children.sort((left, right) => right.chance - left.chance)[0];
    if (best === undefined) {
      return path;
    }
    path.push(best.token);
    parent = best.index;
  }
}

interface Case {
  readonly name: string;
  readonly context: Partial<DraftContext>;
  readonly generated: readonly number[];
  readonly expected: readonly number[];
}

const CASES: readonly Case[] = [
  {
    name: 'copies what followed the longest match',
    context: { before: [1, 2, 3, 4, 50, 51, 52, 53, 9, 3, 4, 60, 61, 62, 63, 8, 1, 2, 3] },
    generated: [4],
    expected: [50, 51, 52, 53],
  },
  {
    name: 'prefers the newest of equally long matches',
    context: { before: [7, 3, 4, 50, 51, 52, 53, 8, 3, 4, 60, 61, 62, 63, 9, 3] },
    generated: [4],
    expected: [60, 61, 62, 63],
  },
  {
    name: 'prefers the match nearest the cursor in the text after it',
    context: { before: [9, 3], after: [7, 3, 4, 50, 51, 52, 53, 8, 3, 4, 60, 61, 62, 63] },
    generated: [4],
    expected: [50, 51, 52, 53],
  },
  {
    name: 'copies a line of the text after the cursor',
    context: { before: [1, 2, 3], after: [20, 3, 4, 21, 22, 23, 24] },
    generated: [4],
    expected: [21, 22, 23, 24],
  },
  {
    name: 'copies from another text',
    context: {
      before: [1, 2, 3],
      others: [
        [5, 6],
        [3, 4, 21, 22, 23, 24],
      ],
    },
    generated: [4],
    expected: [21, 22, 23, 24],
  },
  {
    name: 'does not match across the border of two texts',
    context: {
      before: [9, 9, 4],
      after: [5, 21, 22],
      others: [
        [30, 31, 4],
        [5, 41, 42],
      ],
    },
    generated: [4, 6],
    expected: [],
  },
  {
    name: 'copies what was generated itself',
    context: { before: [1, 2] },
    generated: [30, 31, 32, 33, 34, 30, 31],
    expected: [32, 33, 34, 30],
  },
  {
    name: 'runs on from the text before the cursor into generated tokens',
    context: { before: [1, 30, 31, 32] },
    generated: [33, 34, 30, 31],
    expected: [32, 33, 34, 30],
  },
  {
    name: 'goes on with a text whose period is shorter than the draft',
    context: { before: [1, 5, 6, 5] },
    generated: [6],
    expected: [5, 6, 5, 6],
  },
  {
    name: 'takes the newest place of a single token when no pair is found',
    context: { before: [1, 4, 50, 51, 2, 4, 60, 61, 62, 63, 3] },
    generated: [4],
    expected: [60, 61, 62, 63],
  },
  { name: 'drafts nothing for a token it has not seen', context: { before: [1, 2, 3] }, generated: [4], expected: [] },
  { name: 'drafts nothing from empty texts', context: {}, generated: [4], expected: [] },
];

describe('lookup drafter', () => {
  for (const { name, context, generated, expected } of CASES) {
    it(name, () => {
      assert.deepEqual(bestPath(propose(begin(context), generated, 16)).slice(0, 4), expected);
    });
  }

  it('gives the same drafts whether tokens came one by one or at once', () => {
    const context = { before: [1, 2, 3, 4, 5, 1, 2], after: [4, 5, 6, 7, 8] };
    const generated = [3, 4, 5, 6, 1, 2, 3];
    const slow = begin(context);
    for (let count = 1; count <= generated.length; count++) {
      const prefix = generated.slice(0, count);
      assert.deepEqual(propose(slow, prefix), propose(begin(context), prefix));
    }
  });

  it('never copies from what was drafted and refused', () => {
    const drafter = begin({ before: [1, 2, 3, 40, 41, 2] });
    assert.deepEqual(bestPath(propose(drafter, [3])), [40, 41, 2, 3]);
    assert.deepEqual(
      propose(drafter, [3, 77, 40]).map(({ token }) => token),
      [41, 2, 3, 77],
    );
    assert.deepEqual(
      propose(drafter, [3, 77, 40, 78, 77]).map(({ token }) => token),
      [40, 78, 77, 40],
    );
  });

  it('forgets the texts of the request before', () => {
    const drafter = begin({ before: [1, 2, 3, 50, 51], after: [2, 3, 52], others: [[2, 3, 53]] });
    assert.deepEqual(propose(begin({ before: [8, 2] }, drafter), [3]), []);
  });

  it('remembers suggestions of earlier requests with the text that led to them', () => {
    const drafter = begin({ before: [1, 2, 3] });
    propose(drafter, [50, 51]);
    drafter.end([50, 51, 52, 53]);
    begin({ before: [9, 9] }, drafter);
    propose(drafter, [9]);
    assert.deepEqual(bestPath(propose(begin({ before: [7, 2, 3] }, drafter), [50])), [51, 52, 53]);
  });

  it('drops the oldest suggestions', () => {
    const drafter = begin({});
    for (let request = 0; request < 300; request++) {
      begin({ before: [1000 + request] }, drafter);
      drafter.end(Array.from({ length: 32 }, (_, index) => 2000 + request * 32 + index));
    }
    assert.deepEqual(propose(begin({ before: [1000] }, drafter), [2000]), []);
    assert.deepEqual(bestPath(propose(begin({ before: [1290] }, drafter), [2000 + 290 * 32], 2)), [11281, 11282]);
  });

  it('offers different tokens side by side, the likelier one first', () => {
    const tree = propose(begin({ before: [7, 3, 4, 50, 8, 3, 4, 60, 9, 3, 4, 60, 5, 3, 4, 70, 6, 3] }), [4], 8);
    assert.deepEqual(childrenOf(tree, -1), [70, 60, 50]);
  });

  it('keeps to the form of a tree and to the nodes it may have, for random texts', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = createRandom(seed);
      const tokens = () => Array.from({ length: randomInteger(random, 0, 60) }, () => randomInteger(random, 0, 3));
      const drafter = begin({ before: tokens(), after: tokens(), others: [tokens(), tokens()] });
      const maxNodes = randomInteger(random, 1, 12);
      const tree = propose(drafter, [...tokens(), 0], maxNodes);
      assert.ok(tree.length <= maxNodes);
      for (const [index, { parent, chance, bucket }] of tree.entries()) {
        assert.ok(parent >= -1 && parent < index && chance > 0 && chance < 1 && bucket >= 0 && bucket < 128);
        const siblings = childrenOf(tree, parent);
        assert.equal(new Set(siblings).size, siblings.length);
      }
    }
  });

  it('gives a guess deeper in a chain the bucket of a match that is as much longer', () => {
    const text = [1, 2, 3, 4, 5, 6, 7, 8];
    const [, second] = propose(begin({ before: [50, ...text, 60, 1], after: [] }), [2]);
    const [first] = propose(begin({ before: [50, ...text, 60, 1, 2], after: [] }), [3]);
    assert.deepEqual([second!.token, second!.bucket], [first!.token, first!.bucket]);
  });

  it('takes its chances from the estimate', () => {
    const asked: number[] = [];
    const drafter = new LookupDrafter((bucket) => {
      asked.push(bucket);
      return 0.625;
    });
    const tree = propose(begin({ before: [1, 2, 3, 4, 9, 1] }, drafter), [2], 2);
    assert.deepEqual(
      tree.map(({ chance }) => chance),
      [0.625, 0.625],
    );
    assert.deepEqual(
      tree.map(({ bucket }) => bucket),
      asked.slice(0, 2),
    );
  });

  it('leaves the text what plain decoding writes, in fewer forwards where the text repeats itself', async () => {
    let plainForwards = 0;
    let forwards = 0;
    for (let seed = 0; seed < 60; seed++) {
      // Few tokens and scores that hang on the last two make texts that soon go round in a circle.
      const model = new LoopingModel({ vocabularySize: 8, seed });
      const drafter = begin({});
      const cache = model.createCache();
      for (const prompt of [
        [1, 2, 3, 4],
        [1, 2, 3],
        [5, 2, 3, 1],
      ]) {
        const request = {
          promptTokens: prompt,
          mask: undefined,
          drafter: begin({ before: prompt, after: [4, 2, 1, 3, 5], others: [[2, 2, 4, 1]] }, drafter),
          planner: wholeDraftPlanner,
          acceptance: exactAcceptance,
          maxDraftNodes: 6,
          chainsOnly: seed % 2 === 0,
          endsText: () => false,
          maxTokens: 24,
          stopTokens: new Set([0]),
          signal: { isCancellationRequested: false },
        };
        const text: number[] = [];
        for await (const step of decode(model, cache, request, { now: () => 0 })) {
          text.push(...step.tokens.map(({ id }) => id));
        }
        drafter.end(text);
        const expected = model.decodeGreedily(prompt, 24, request.stopTokens);
        assert.deepEqual(text, expected, `seed ${seed}`);
        plainForwards += 1 + expected.length;
      }
      forwards += model.forwards;
    }
    assert.ok(forwards < plainForwards / 2, `${forwards} forwards against ${plainForwards}`);
  });
});

/** A table model whose scores hang on the last two tokens alone. */
class LoopingModel extends TableModel {
  override async forward(
    cache: KeyValueCache,
    rows: ForwardRows,
    request: ScoreRequest,
  ): Promise<readonly RowScores[]> {
    await super.forward(cache, rows, request);
    const pathTo = (row: number): readonly number[] =>
      row === -1 ? cache.tokens : [...pathTo(rows.parents[row]!), rows.tokens[row]!];
    return request.rows.map((row, index) => this.score(pathTo(row).slice(-2), request.detail, request.wanted?.[index]));
  }

  override decodeGreedily(prompt: readonly number[], maxTokens: number, stopTokens: ReadonlySet<number>): number[] {
    const path = [...prompt];
    while (path.length < prompt.length + maxTokens) {
      const next = this.score(path.slice(-2), 'top').topIds[0]!;
      if (stopTokens.has(next)) {
        break;
      }
      path.push(next);
    }
    return path.slice(prompt.length);
  }
}
