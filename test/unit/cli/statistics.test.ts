import { strict as assert } from 'node:assert';
import { geometricMean, mean, quantile } from '../../../src/cli/statistics.ts';

describe('statistics', () => {
  it('takes quantiles by linear interpolation between the nearest ranks', () => {
    const values = [4, 1, 3, 2];
    assert.deepEqual(
      [0, 0.5, 0.95, 1].map((fraction) => quantile(values, fraction).toFixed(6)),
      ['1.000000', '2.500000', '3.850000', '4.000000'],
    );
  });

  it('takes the geometric mean, in which a doubling and a halving cancel', () => {
    assert.deepEqual(
      [[0.5, 2], [1, 10, 100], [7]].map((values) => geometricMean(values).toFixed(9)),
      ['1.000000000', '10.000000000', '7.000000000'],
    );
  });

  it('gives zero for no values', () => {
    assert.deepEqual([quantile([], 0.5), mean([]), geometricMean([])], [0, 0, 0]);
  });
});
