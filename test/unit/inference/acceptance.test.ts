import assert from 'node:assert/strict';
import { seededRandom } from '../../../src/base/seededRandom.ts';
import type { RowScores } from '../../../src/engine/targetModel.ts';
import { acceptanceFor } from '../../../src/inference/worker/acceptance.ts';

const SCORES: RowScores = { topIds: [1, 2, 3], topLogits: [1, 1, 1], logSumExp: 2, entropy: 1 };

describe('the acceptance rule of a request', () => {
  const request = { acceptanceMode: 'exact', acceptanceThreshold: 0.1 } as const;
  const drawn = (seed: number): readonly number[] => {
    const rule = acceptanceFor({ ...request, sampling: { temperature: 0.8, seed } });
    return Array.from({ length: 40 }, () => rule.chooseToken(SCORES));
  };

  it('takes the best token unless it is to draw', () => {
    assert.equal(acceptanceFor(request).chooseToken(SCORES), 1);
    assert.equal(acceptanceFor({ ...request, acceptanceMode: 'typical' }).chooseToken(SCORES), 1);
  });

  it('draws any of the best, the same for the same seed', () => {
    assert.deepEqual([...new Set(drawn(1))].sort(), [1, 2, 3]);
    assert.deepEqual(drawn(1), drawn(1));
    assert.notDeepEqual(drawn(1), drawn(2));
  });
});

describe('seeded random numbers', () => {
  it('are spread evenly over 0 to 1', () => {
    const random = seededRandom(7);
    const counts = Array<number>(10).fill(0);
    for (let draw = 0; draw < 10_000; draw++) {
      counts[Math.floor(random() * 10)]!++;
    }
    assert.ok(
      counts.every((count) => count > 900 && count < 1100),
      String(counts),
    );
  });
});
