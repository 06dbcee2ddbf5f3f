import assert from 'node:assert/strict';
import { budgetOfTokens, chooseColdBudget } from '../../../src/pipeline/prompt/chooseBudget.ts';
import { DEFAULT_PROMPT_BUDGET } from '../../../src/pipeline/prompt/planPrompt.ts';

describe('the window of a cold prompt', () => {
  for (const [name, tokensPerSecond, chars] of [
    ['is the whole one while the speed is not known', undefined, 2640],
    ['is the whole one on a fast device', 5000, 2640],
    ['is the whole one where that just fits', 534, 2640],
    ['is what the device reads in a second and a half', 200, 990],
    ['is large enough to say something, however slow the device', 10, 528],
  ] as const) {
    it(name, () => {
      const { beforeChars, afterChars } = chooseColdBudget(tokensPerSecond);
      assert.ok(Math.abs(beforeChars + afterChars - chars) <= 1, `${beforeChars} + ${afterChars}`);
    });
  }

  it('is shared between before and after as the whole one is', () => {
    const { beforeChars, afterChars } = budgetOfTokens(400);
    const whole = DEFAULT_PROMPT_BUDGET;
    assert.ok(Math.abs(beforeChars / afterChars - whole.beforeChars / whole.afterChars) < 0.01);
  });
});
