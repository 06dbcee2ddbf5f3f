import assert from 'node:assert/strict';
import type { OtherFiles, PlannedPrompt } from '../../../src/pipeline/session/promptPlans.ts';
import { PromptPlans } from '../../../src/pipeline/session/promptPlans.ts';
import { snapshotOf } from '../../support/markedText.ts';

const LONG = Array.from({ length: 200 }, (_, line) => `const value${line} = ${line};`).join('\n');
const NO_FILES: OtherFiles = { key: '', choose: () => undefined };
/** Reads 160 tokens in a second and a half, the least that a prompt may have. */
const SLOW = 50;

function plansAt(tokensPerSecond: number | undefined, without: readonly ('move' | 'window')[] = []): PromptPlans {
  const plans = new PromptPlans({ without: new Set(without) });
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
      const { plan } = plans.take(place, NO_FILES);
      const chars = plan.prefix.length + plan.tail.length;
      assert.ok(chars >= charsBefore[0]! && chars <= charsBefore[1]!, `${chars}`);
    });
  }

  it('widen in idle time, in a cache of their own, and only then stand', () => {
    const plans = plansAt(SLOW);
    const first = plans.take(place, NO_FILES);
    const moved = plans.move(place, NO_FILES)!;
    assert.ok(moved.plan.windowStart < first.plan.windowStart);
    assert.ok(moved.plan.suffix.length > first.plan.suffix.length);
    assert.notEqual(moved.cacheId, first.cacheId);
    assert.deepEqual(plans.take(place, NO_FILES), first);
    plans.move(place, NO_FILES);
    plans.adopt(place.documentId);
    assert.deepEqual(plans.take(place, NO_FILES), moved);
    assert.equal(plans.move(place, NO_FILES), undefined);
  });

  it('go on with a window that was being widened while somebody typed', () => {
    const plans = plansAt(SLOW);
    plans.take(place, NO_FILES);
    const before = plans.move(place, NO_FILES)!;
    const typed = snapshotOf(`${LONG}\nlet x▮\n${LONG}`);
    plans.take(typed, NO_FILES);
    const after = plans.move(typed, NO_FILES)!;
    assert.deepEqual([after.plan.prefix, after.cacheId], [before.plan.prefix, before.cacheId]);
    assert.equal(after.plan.tail, `${before.plan.tail}let x`);
  });

  it('let the window grow while somebody types, rather than read a new one', () => {
    const plans = plansAt(SLOW);
    const first = plans.take(place, NO_FILES);
    const { plan } = plans.take(snapshotOf(`${LONG}\n${'y = 1;\n'.repeat(30)}▮\n${LONG}`), NO_FILES);
    assert.deepEqual(
      [plan.windowStart, plan.prefix, plan.suffix],
      [first.plan.windowStart, first.plan.prefix, first.plan.suffix],
    );
  });

  it('move an anchor that is far away in idle time, to the start of a block', () => {
    const plans = plansAt(undefined);
    plans.take(snapshotOf('▮'), NO_FILES);
    const typed = snapshotOf(
      `${'a = 1;\n'.repeat(18)}function f() {\n  b();\n  if (c) {\n    d();\n    e();\n    f();\n▮`,
    );
    assert.equal(plans.take(typed, NO_FILES).plan.anchor, 0);
    const moved = plans.move(typed, NO_FILES)!;
    assert.ok(moved.plan.tail.startsWith('function f() {'), moved.plan.tail);
  });

  for (const [name, plans] of [
    ['move nothing that is near', plansAt(undefined)],
    ['move nothing when that is left out', plansAt(SLOW, ['move'])],
  ] as const) {
    it(name, () => {
      plans.take(place, NO_FILES);
      assert.equal(plans.move(place, NO_FILES), undefined);
    });
  }

  it('have a standing plan only where typing appends to it', () => {
    const plans = plansAt(undefined);
    plans.take(place, NO_FILES);
    assert.ok(plans.standing(snapshotOf(`${LONG}\nx▮\n${LONG}`)));
    assert.equal(plans.standing(snapshotOf(`▮${LONG}`)), undefined);
    assert.equal(plans.standing(snapshotOf('▮', { documentId: 'other' })), undefined);
  });

  it('keep one cache per document and one beside it, over any number of moves', () => {
    const plans = plansAt(SLOW);
    const caches = new Set<string>();
    for (let lines = 0; lines < 120; lines++) {
      const snapshot = snapshotOf(`${LONG}\n${'z = 1;\n'.repeat(lines)}▮`);
      caches.add(plans.take(snapshot, NO_FILES).cacheId);
      if (plans.move(snapshot, NO_FILES) !== undefined) {
        plans.adopt(snapshot.documentId);
      }
    }
    assert.equal(caches.size, 2);
  });

  describe('with other files', () => {
    const FILES: OtherFiles = {
      key: 'b.ts',
      choose: (_, budgetChars) => ({
        repositoryName: 'r',
        path: 'a.ts',
        files: [{ path: 'b.ts', text: `${budgetChars}` }],
      }),
    };
    const charsOf = (planned: PlannedPrompt | undefined): string | undefined => planned?.context?.files[0]?.text;

    for (const [name, tokensPerSecond, cold, idle] of [
      ['show none where the speed is not known', undefined, undefined, undefined],
      ['show none on a slow device', 130, undefined, undefined],
      ['show them after idle time on a faster one', 200, undefined, '1320'],
      ['show them at once on a fast one', 5000, '2534', undefined],
    ] as const) {
      it(name, () => {
        const plans = plansAt(tokensPerSecond);
        const first = plans.take(place, FILES);
        const moved = plans.move(place, FILES);
        assert.deepEqual([charsOf(first), charsOf(moved)], [cold, idle]);
      });
    }

    it('keep those they chose while somebody types, whatever else would be chosen', () => {
      const plans = plansAt(5000);
      const first = plans.take(place, FILES);
      const other: OtherFiles = { key: 'c.ts', choose: () => undefined };
      assert.equal(plans.take(snapshotOf(`${LONG}\nlet x▮\n${LONG}`), other).context, first.context);
      assert.equal(plans.move(place, other), undefined);
    });

    it('look again only when there are other files than before', () => {
      const plans = plansAt(5000);
      plans.take(place, NO_FILES);
      let looks = 0;
      const files = (key: string): OtherFiles => ({
        key,
        choose: () => {
          looks++;
          return undefined;
        },
      });
      for (const key of ['', 'b.ts', 'b.ts', 'b.ts', 'c.ts']) {
        assert.equal(plans.move(place, files(key)), undefined);
      }
      assert.equal(looks, 2);
      assert.equal(charsOf(plans.move(place, { ...FILES, key: 'd.ts' })), '2534');
    });

    it('are planned anew once other files may no longer be used, and only where something of them was in', () => {
      const fast = plansAt(5000);
      fast.take(place, FILES);
      fast.forgetContext();
      assert.equal(charsOf(fast.take(place, NO_FILES)), undefined);
      const slow = plansAt(200);
      const standing = slow.take(place, FILES);
      assert.ok(charsOf(slow.move(place, FILES)));
      slow.forgetContext();
      assert.deepEqual(slow.standing(place), standing);
      assert.equal(charsOf(slow.move(place, NO_FILES)), undefined);
    });

    it('look again for definitions that are not in the context yet', () => {
      const plans = plansAt(5000);
      const first = plans.take(place, FILES);
      const shown = first.context!.files[0]!.text;
      assert.equal(plans.move(place, { ...FILES, key: 'b.ts x.ts#3', definitions: [shown] }), undefined);
      const moved = plans.move(place, { ...FILES, key: 'b.ts y.ts#3', definitions: [shown, 'function y() {}'] });
      assert.ok(moved !== undefined);
    });

    it('show what a measurement asks for, and none when that is left out', () => {
      const asked = new PromptPlans({ without: new Set(), contextChars: 99 });
      const without = new PromptPlans({ without: new Set(['context']), contextChars: 99 });
      assert.deepEqual([charsOf(asked.take(place, FILES)), charsOf(without.take(place, FILES))], ['99', undefined]);
    });
  });
});
