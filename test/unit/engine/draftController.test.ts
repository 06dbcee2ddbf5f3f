import assert from 'node:assert/strict';
import { DeviceKnowledge, DraftController } from '../../../src/engine/control/draftController.ts';
import type { PlanLimits } from '../../../src/engine/control/draftPlanner.ts';
import type { DraftNode, DraftSource } from '../../../src/engine/draft/draftTree.ts';

/** A forward of one or two rows costs the same, as on a CPU that pads single rows; each further row a third more. */
const cost = [
  [1, 30],
  [2, 30],
  [3, 40],
  [16, 170],
] as const;
const limits: PlanLimits = { maxNodes: 15, isLast: () => false, chainsOnly: false };

function chain(...chances: readonly number[]): DraftNode[] {
  return chances.map((chance, index) => ({
    token: index + 10,
    parent: index - 1,
    source: 'lookup',
    bucket: 1,
    chance,
  }));
}

function siblings(...chances: readonly number[]): DraftNode[] {
  return chances.map((chance, index) => ({ token: index + 10, parent: -1, source: 'lookup', bucket: 1, chance }));
}

const controller = (): DraftController => new DraftController(new DeviceKnowledge({ cost, acceptance: {} }));
const tokensOf = (draft: readonly DraftNode[]): readonly number[] => draft.map((node) => node.token);

describe('DraftController', () => {
  const cases: readonly [name: string, draft: DraftNode[], kept: readonly number[], changes?: Partial<PlanLimits>][] = [
    ['takes a row that costs nothing, however unlikely its token', chain(0.05), [10]],
    ['stops a chain where survival no longer pays for a row', chain(0.9, 0.9, 0.2, 0.9), [10, 11]],
    [
      'goes as far as sure tokens go',
      chain(...Array.from({ length: 12 }, () => 0.99)),
      tokensOf(chain(...Array(12).fill(1))),
    ],
    [
      'prefers a likely second child to an unlikely grandchild',
      [...siblings(0.5, 0.45), { ...chain(0, 0.1)[1]!, parent: 0 }],
      [10, 11],
    ],
    ['drafts nothing where nothing is proposed', [], []],
    ['keeps to the limit of nodes', chain(0.99, 0.99, 0.99, 0.99), [10, 11], { maxNodes: 2 }],
    [
      'drafts nothing after a token that ends the text',
      chain(0.99, 0.99, 0.99),
      [10, 11],
      { isLast: (token) => token === 11 },
    ],
    ['stops at a token less likely than the limit', chain(0.99, 0.6, 0.99), [10], { minChance: 0.7 }],
    ['keeps a token exactly as likely as the limit', chain(0.99, 0.7), [10, 11], { minChance: 0.7 }],
    ['keeps the best line where only chains can be kept', siblings(0.3, 0.6), [11], { chainsOnly: true }],
  ];
  for (const [name, draft, kept, changes] of cases) {
    it(name, () => {
      assert.deepEqual(tokensOf(controller().choose(draft, { ...limits, ...changes })), kept);
    });
  }

  it('keeps parents before children, with indices into what it kept', () => {
    const draft: DraftNode[] = [
      ...siblings(0.1, 0.9),
      { token: 20, parent: 1, source: 'lookup', bucket: 1, chance: 0.9 },
    ];
    const kept = controller().choose(draft, limits);
    assert.deepEqual(
      kept.map(({ token, parent }) => [token, parent]),
      [
        [11, -1],
        [20, 0],
      ],
    );
  });

  it('learns how often a bucket is right from every proposal, verified or not', () => {
    const knowledge = new DeviceKnowledge({ cost, acceptance: {} });
    const learning = new DraftController(knowledge);
    const chance = (source: DraftSource): number => knowledge.acceptance.chance(source, 1, 0.5);
    const proposed = chain(0.5, 0.5);
    for (let step = 0; step < 100; step++) {
      learning.observe({ proposed, rows: 1, written: [10], draftMs: 0, verifyMs: 30 });
    }
    assert.ok(chance('lookup') > 0.9);
    for (let step = 0; step < 300; step++) {
      learning.observe({ proposed, rows: 1, written: [99], draftMs: 0, verifyMs: 30 });
    }
    assert.ok(chance('lookup') < 0.3);
    assert.equal(chance('mtp'), 0.5);
  });

  it('does not take a busy machine for one on which rows cost more', () => {
    const draft = chain(0.9, 0.9, 0.3);
    const busy = controller();
    for (let step = 0; step < 200; step++) {
      busy.observe({ proposed: [], rows: 2, written: [1], draftMs: 0, verifyMs: 300 });
    }
    assert.deepEqual(busy.choose(draft, limits), controller().choose(draft, limits));
  });

  it('drafts less when further rows turn out dearer than measured', () => {
    const learning = controller();
    const draft = chain(0.95, 0.95);
    assert.equal(learning.choose(draft, limits).length, 2);
    for (let step = 0; step < 400; step++) {
      learning.observe({ proposed: [], rows: 2, written: [1, 2], draftMs: 0, verifyMs: 30 });
      learning.observe({ proposed: [], rows: 3, written: [1, 2], draftMs: 0, verifyMs: 90 });
    }
    assert.equal(learning.choose(draft, limits).length, 1);
  });

  it('goes on from a snapshot where it was', () => {
    const knowledge = new DeviceKnowledge({ cost, acceptance: {} });
    const step = { proposed: chain(0.5), rows: 2, written: [10, 11], draftMs: 1, verifyMs: 31 };
    new DraftController(knowledge).observe(step);
    const again = new DeviceKnowledge(JSON.parse(JSON.stringify(knowledge.snapshot())));
    assert.deepEqual(again.snapshot(), knowledge.snapshot());
    assert.deepEqual(again.snapshot().acceptance, { 'lookup:1': [1, 1] });
  });
});
