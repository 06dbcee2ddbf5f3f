import assert from 'node:assert/strict';
import { judgeConfidence } from '../../../src/pipeline/postprocess/judgeConfidence.ts';
import { generatedText } from '../cli/replayFakes.ts';

describe('judgeConfidence', () => {
  for (const [name, chance, quietness, reason] of [
    ['shows what is as sure as it must be', 0.31, 30, undefined],
    ['shows everything at 0', 0.000001, 0, undefined],
    ['shows what nothing is known of', undefined, 50, undefined],
    ['keeps back what is less sure', 0.29, 30, '29% sure, 30% wanted'],
  ] as const) {
    it(name, () => {
      const parts = chance === undefined ? {} : { firstLineLogProbability: Math.log(chance) };
      assert.equal(judgeConfidence(generatedText(parts), quietness)?.detail, reason);
    });
  }
});
