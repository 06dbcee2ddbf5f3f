import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDeviceState } from '../../../src/inference/worker/deviceState.ts';
import type { DraftingParts } from '../../../src/inference/worker/drafting.ts';
import { Drafting } from '../../../src/inference/worker/drafting.ts';
import { TableModel } from '../../support/tableModel.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

/** Steps in which a guess of the same kind was right each time. */
function learn(drafting: Drafting, steps: number): void {
  const { planner } = drafting.methodFor('lookup');
  const node = { token: 4, parent: -1, source: 'lookup', bucket: 2, chance: 0.5 } as const;
  for (let step = 0; step < steps; step++) {
    planner.observe({ proposed: [node], rows: 2, written: [4, 5], draftMs: 0, verifyMs: 7 });
  }
}

describe('Drafting', () => {
  const folder = useTemporaryDirectory();

  function create(stateFile: string, warnings: string[]): Promise<Drafting> {
    let now = 0;
    const parts: DraftingParts = {
      material: {},
      stateFile,
      clock: { now: () => now++ },
      warn: (message) => warnings.push(message),
    };
    return Drafting.create(new TableModel({ vocabularySize: 16, seed: 1 }), parts);
  }

  it('measures once and goes on from what was kept', async () => {
    const file = join(folder(), 'state.json');
    await create(file, []);
    const kept = await readDeviceState(file);
    assert.deepEqual(
      kept?.cost.map(([rows]) => rows),
      [1, 2, 3, 4, 6, 8, 16],
    );
    await (await create(file, [])).save();
    assert.deepEqual(await readDeviceState(file), kept);
  });

  it('drafts all the same, and says so, where nothing can be kept', async () => {
    await writeFile(join(folder(), 'file'), '');
    const warnings: string[] = [];
    const drafting = await create(join(folder(), 'file', 'state.json'), warnings);
    assert.deepEqual(drafting.methods, ['off', 'lookup', 'auto']);
    assert.match(warnings.join(), /could not be kept: /);
  });

  it('keeps what an experiment shows to that experiment, whatever it starts from', async () => {
    const file = join(folder(), 'state.json');
    const drafting = await create(file, []);
    learn(drafting, 5);
    await drafting.save();
    const kept = await readDeviceState(file);
    const learned = drafting.forExperiment({ id: 'first', startsFrom: 'learned' });
    assert.equal(drafting.forExperiment({ id: 'first', startsFrom: 'learned' }), learned);
    assert.deepEqual(learned.state, kept);
    learn(learned, 50);
    assert.notDeepEqual(learned.state, kept);
    const fresh = drafting.forExperiment({ id: 'second', startsFrom: 'fresh' });
    assert.deepEqual(fresh.state, { cost: kept!.cost, acceptance: {} });
    learn(fresh, 50);
    await fresh.save();
    await drafting.save();
    assert.deepEqual(await readDeviceState(file), kept);
    assert.notEqual(drafting.forExperiment({ id: 'first', startsFrom: 'learned' }), learned);
  });

  it('decodes plainly for a method that the model has no heads for', async () => {
    const drafting = await create(join(folder(), 'state.json'), []);
    assert.equal(drafting.methodFor('mtp').drafter.method, 'off');
  });
});
