import assert from 'node:assert/strict';
import { DeviceKnowledge, DraftController } from '../../../src/engine/control/draftController.ts';
import { AutoDrafter } from '../../../src/engine/draft/autoDrafter.ts';
import type { Drafter, DraftStep } from '../../../src/engine/draft/drafter.ts';
import type { DraftNode, DraftSource } from '../../../src/engine/draft/draftTree.ts';
import { mergeDrafts } from '../../../src/engine/draft/mergeDrafts.ts';

const cost = [
  [1, 30],
  [2, 31],
  [16, 170],
] as const;
const controller = new DraftController(new DeviceKnowledge({ cost, acceptance: {} }));
const step: DraftStep = {
  generated: [1],
  lastToken: 1,
  maxNodes: 8,
  hiddenStates: () => undefined,
  isWorth: (tokens, draftMs, node) => controller.isWorth(tokens, draftMs, node + 1),
};

function node(token: number, parent: number, chance: number, source: DraftSource = 'lookup'): DraftNode {
  return { token, parent, source, bucket: 0, chance };
}

function drafterOf(method: 'lookup' | 'mtp', draft: readonly DraftNode[], onPropose: () => void = () => {}): Drafter {
  return {
    method,
    begin() {},
    propose: () => {
      onPropose();
      return draft;
    },
  };
}

describe('mergeDrafts', () => {
  it('makes one node of equal tokens, with the chance that either is right, and hangs both children below it', () => {
    const merged = mergeDrafts(
      [node(1, -1, 0.4), node(2, 0, 0.9)],
      [node(1, -1, 0.7, 'mtp'), node(3, 0, 0.1, 'mtp'), node(5, -1, 0.2, 'mtp')],
    );
    assert.deepEqual(
      merged.map(({ token, parent, source, chance }) => [token, parent, source, chance.toFixed(2)]),
      [
        [1, -1, 'mtp', '0.80'],
        [2, 0, 'lookup', '0.90'],
        [3, 0, 'mtp', '0.10'],
        [5, -1, 'mtp', '0.20'],
      ],
    );
  });

  it('scales the chances of children that exclude each other down to one', () => {
    const merged = mergeDrafts([node(1, -1, 0.9)], [node(2, -1, 0.6)]);
    assert.deepEqual(
      merged.map(({ chance }) => chance.toFixed(2)),
      ['0.60', '0.40'],
    );
  });
});

describe('AutoDrafter', () => {
  async function asked(found: readonly DraftNode[], headMs: number, steps: number): Promise<number> {
    let now = 0;
    let calls = 0;
    const head = drafterOf('mtp', [node(9, -1, 0.5, 'mtp')], () => {
      calls++;
      now += headMs;
    });
    const auto = new AutoDrafter(drafterOf('lookup', found), head, () => now);
    for (let index = 0; index < steps; index++) {
      await auto.propose(step);
    }
    return calls;
  }

  it('asks the head where looking up finds nothing', async () => {
    assert.equal(await asked([], 3, 20), 20);
  });

  it('spares the head where looking up is sure', async () => {
    assert.ok((await asked([node(1, -1, 0.97)], 3, 100)) < 60);
  });

  it('stops asking a head that takes longer than its guesses are worth', async () => {
    assert.ok((await asked([], 60, 200)) < 20);
  });

  it('does without a head', async () => {
    const found = [node(1, -1, 0.5)];
    const auto = new AutoDrafter(drafterOf('lookup', found), undefined, () => 0);
    assert.deepEqual(await auto.propose(step), found);
  });
});
