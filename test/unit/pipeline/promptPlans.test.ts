import assert from 'node:assert/strict';
import { PromptPlans } from '../../../src/pipeline/session/promptPlans.ts';
import { snapshotOf } from '../../support/markedText.ts';

const LONG = Array.from({ length: 200 }, (_, line) => `const value${line} = ${line};`).join('\n');
/** Reads 160 tokens in a second and a half, the least that a prompt may have. */
const SLOW = 50;

function plansAt(tokensPerSecond: number | undefined, without: readonly ('move' | 'window')[] = []): PromptPlans {
  const plans = new PromptPlans(new Set(without));
  plans.setPrefillSpeed(tokensPerSecond);
  return plans;
}

describe('prompt plans', () => {
  const place = snapshotOf(`${LONG}\n▮\n${LONG}`);

  for (const [name, plans, charsBefore] of [
    ['see the whole window where the speed is not known', plansAt(undefined), [1300, 2000]],
    ['see little at first on a slow device', plansAt(SLOW), [250, 400]],
    ['see the whole window at once when that is left out', plansAt(SLOW, ['window']), [1300, 2000]],
  ] as const) {
    it(name, () => {
      const { plan } = plans.take(place);
      const chars = plan.prefix.length + plan.tail.length;
      assert.ok(chars >= charsBefore[0]! && chars <= charsBefore[1]!, `${chars}`);
    });
  }

  it('widen in idle time, in a cache of their own, and only then stand', () => {
    const plans = plansAt(SLOW);
    const first = plans.take(place);
    const moved = plans.move(place)!;
    assert.ok(moved.plan.windowStart < first.plan.windowStart);
    assert.ok(moved.plan.suffix.length > first.plan.suffix.length);
    assert.notEqual(moved.cacheId, first.cacheId);
    assert.deepEqual(plans.take(place), first);
    plans.move(place);
    plans.adopt(place.documentId);
    assert.deepEqual(plans.take(place), moved);
    assert.equal(plans.move(place), undefined);
  });

  it('go on with a window that was being widened while somebody typed', () => {
    const plans = plansAt(SLOW);
    plans.take(place);
    const before = plans.move(place)!;
    const typed = snapshotOf(`${LONG}\nlet x▮\n${LONG}`);
    plans.take(typed);
    const after = plans.move(typed)!;
    assert.deepEqual([after.plan.prefix, after.cacheId], [before.plan.prefix, before.cacheId]);
    assert.equal(after.plan.tail, `${before.plan.tail}let x`);
  });

  it('let the window grow while somebody types, rather than read a new one', () => {
    const plans = plansAt(SLOW);
    const first = plans.take(place);
    const { plan } = plans.take(snapshotOf(`${LONG}\n${'y = 1;\n'.repeat(30)}▮\n${LONG}`));
    assert.deepEqual(
      [plan.windowStart, plan.prefix, plan.suffix],
      [first.plan.windowStart, first.plan.prefix, first.plan.suffix],
    );
  });

  it('move an anchor that is far away in idle time, to the start of a block', () => {
    const plans = plansAt(undefined);
    plans.take(snapshotOf('▮'));
    const typed = snapshotOf(
      `${'a = 1;\n'.repeat(18)}function f() {\n  b();\n  if (c) {\n    d();\n    e();\n    f();\n▮`,
    );
    assert.equal(plans.take(typed).plan.anchor, 0);
    const moved = plans.move(typed)!;
    assert.ok(moved.plan.tail.startsWith('function f() {'), moved.plan.tail);
  });

  for (const [name, plans] of [
    ['move nothing that is near', plansAt(undefined)],
    ['move nothing when that is left out', plansAt(SLOW, ['move'])],
  ] as const) {
    it(name, () => {
      plans.take(place);
      assert.equal(plans.move(place), undefined);
    });
  }

  it('have a standing plan only where typing appends to it', () => {
    const plans = plansAt(undefined);
    plans.take(place);
    assert.ok(plans.standing(snapshotOf(`${LONG}\nx▮\n${LONG}`)));
    assert.equal(plans.standing(snapshotOf(`▮${LONG}`)), undefined);
    assert.equal(plans.standing(snapshotOf('▮', { documentId: 'other' })), undefined);
  });

  it('keep one cache per document and one beside it, over any number of moves', () => {
    const plans = plansAt(SLOW);
    const caches = new Set<string>();
    for (let lines = 0; lines < 120; lines++) {
      const snapshot = snapshotOf(`${LONG}\n${'z = 1;\n'.repeat(lines)}▮`);
      caches.add(plans.take(snapshot).cacheId);
      if (plans.move(snapshot) !== undefined) {
        plans.adopt(snapshot.documentId);
      }
    }
    assert.equal(caches.size, 2);
  });
});
