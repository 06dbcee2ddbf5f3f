import assert from 'node:assert/strict';
import type { PromptPlan } from '../../../src/pipeline/prompt/planPrompt.ts';
import { IDLE_ANCHOR, planPlainPrompt, planPrompt, TYPING_ANCHOR } from '../../../src/pipeline/prompt/planPrompt.ts';
import { snapshotOf } from '../../support/markedText.ts';
import { createRandom, randomInteger } from '../../support/random.ts';

const budget = { beforeChars: 120, afterChars: 60 };

describe('planPrompt', () => {
  it('puts the anchor at the start of the line three lines above the cursor', () => {
    const plan = planPrompt(snapshotOf('a\nb\nc\nd\ne▮f\ng\n'), undefined, budget);
    assert.deepEqual([plan.prefix, plan.tail, plan.suffix], ['a\n', 'b\nc\nd\ne', 'f\ng\n']);
  });

  for (const [newLines, tail] of [
    [0, 'e'],
    [1, 'd\ne'],
    [9, 'a\nb\nc\nd\ne'],
  ] as const) {
    it(`puts it ${newLines} lines above where that is asked for`, () => {
      const anchors = { ...TYPING_ANCHOR, newLines, searchLines: newLines };
      assert.equal(planPrompt(snapshotOf('a\nb\nc\nd\ne▮f\ng\n'), undefined, budget, anchors).tail, tail);
    });
  }

  const idleAnchors: readonly (readonly [name: string, marked: string, line: string])[] = [
    ['the start of the block', 'x\nif a:\n  b\n  c\n  d\n  e\n  ▮', 'if a:'],
    ['the nearest of equals', 'a\nb\nc\nd\ne\nf▮', 'c'],
    ['no closing bracket', 'f(\n  a,\n)\n  b\n  c\n  ▮', 'f('],
    ['no other half of a condition', 'if a:\n  b\nelse:\n  c\n  d\n  ▮', 'if a:'],
    ['no blank line', 'a\n  b\n\n  c\n  d\n  e▮', 'a'],
    ['nothing further than the search goes', `first\n${'  b\n'.repeat(12)}  ▮`, '  b'],
  ];
  for (const [name, marked, line] of idleAnchors) {
    it(`in idle time puts it at ${name}`, () => {
      assert.equal(planPrompt(snapshotOf(marked), undefined, budget, IDLE_ANCHOR).tail.split('\n')[0], line);
    });
  }

  for (const [marked, expected] of [
    ['▮', ['', '', '']],
    ['▮\nx', ['', '', '\nx']],
    ['x▮', ['', 'x', '']],
    ['a\nb▮', ['', 'a\nb', '']],
    ['\n\n\n▮\n', ['', '\n\n\n', '\n']],
  ] as const) {
    it(`plans ${JSON.stringify(marked)}`, () => {
      const plan = planPrompt(snapshotOf(marked), undefined, budget);
      assert.deepEqual([plan.prefix, plan.tail, plan.suffix], expected);
    });
  }

  it('always joins up to the text around the cursor, inside the budget, while the cursor moves and text changes', () => {
    const random = createRandom(21);
    const lines = Array.from({ length: 60 }, (_, index) => `${'  '.repeat(index % 4)}line ${index}`);
    let text = lines.join('\n');
    let offset = 0;
    let previous: PromptPlan | undefined;
    for (let round = 0; round < 2000; round++) {
      if (random() < 0.05) {
        offset = randomInteger(random, 0, text.length);
      } else if (random() < 0.8) {
        const typed = random() < 0.15 ? '\n' : 'x';
        text = text.slice(0, offset) + typed + text.slice(offset);
        offset += typed.length;
      } else if (offset > 0) {
        text = text.slice(0, offset - 1) + text.slice(offset);
        offset--;
      }
      const plan = planPrompt(snapshotOf(`${text.slice(0, offset)}▮${text.slice(offset)}`), previous, budget);
      assert.equal(plan.prefix + plan.tail, text.slice(plan.windowStart, offset));
      assert.ok(text.slice(offset).startsWith(plan.suffix));
      assert.ok(plan.prefix.length + plan.tail.length <= budget.beforeChars);
      assert.ok(plan.suffix.length <= budget.afterChars);
      previous = plan;
    }
  });

  it('keeps prefix and suffix while typing goes on near the anchor', () => {
    const before = `${'x = 1\n'.repeat(10)}`;
    const first = planPrompt(snapshotOf(`${before}▮\nend\n`), undefined, budget);
    let previous = first;
    for (let typed = 1; typed < 30; typed++) {
      previous = planPrompt(snapshotOf(`${before}${'y'.repeat(typed)}▮\nend\n`), previous, budget);
      assert.deepEqual([previous.prefix, previous.suffix], [first.prefix, first.suffix]);
    }
  });

  it('starts afresh in another document', () => {
    const first = planPrompt(snapshotOf('a\nb\nc\nd\ne▮'), undefined, budget);
    const other = planPrompt(snapshotOf('a\nb\nc\nd\nz\nz\nz\nz▮', { documentId: 'other' }), first, budget);
    assert.equal(other.tail, 'z\nz\nz\nz');
  });

  it('cuts a line that is longer than the window', () => {
    const plan = planPrompt(snapshotOf(`${'x'.repeat(1000)}▮${'y'.repeat(1000)}`), undefined, budget);
    assert.ok(
      (plan.prefix + plan.tail).length <= budget.beforeChars &&
        (plan.prefix + plan.tail).length >= budget.beforeChars / 2,
    );
    assert.equal(plan.suffix, 'y'.repeat(60));
  });

  it('has nothing after the middle token in the plain layout', () => {
    const plan = planPlainPrompt(snapshotOf('a\nb▮c'), budget);
    assert.deepEqual([plan.prefix, plan.tail, plan.suffix], ['a\nb', '', 'c']);
  });
});
