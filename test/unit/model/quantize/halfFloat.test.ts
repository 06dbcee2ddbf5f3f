import assert from 'node:assert/strict';
import { floatToHalfBits, HALF_VALUES } from '../../../../src/model/quantize/halfFloat.ts';

describe('half-precision conversion', () => {
  it('gives back each of the 65,536 halves', () => {
    const wrong = Array.from(HALF_VALUES, (value, bits) => [bits, floatToHalfBits(value)] as const).filter(
      ([bits, back]) => bits !== back && !Number.isNaN(HALF_VALUES[bits]!),
    );
    assert.deepEqual(wrong, []);
    assert.ok(Number.isNaN(HALF_VALUES[floatToHalfBits(Number.NaN)]!));
  });

  it('rounds to the nearest half, and ties to the even one, between all neighbours', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const low = HALF_VALUES[bits]!;
      const high = HALF_VALUES[bits + 1]!;
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const step = (high - low) / 64;
      const found = [floatToHalfBits(middle - step), floatToHalfBits(middle), floatToHalfBits(middle + step)];
      assert.deepEqual(found, [bits, even, bits + 1], `around ${middle}`);
      assert.equal(floatToHalfBits(-middle), even | 0x8000);
    }
  });

  const edges: readonly [string, number, number][] = [
    ['the largest half', 65_504, 0x7bff],
    ['just below the rounding limit', 65_519.99, 0x7bff],
    ['the rounding limit', 65_520, 0x7c00],
    ['more than any half', 1e30, 0x7c00],
    ['negative infinity', Number.NEGATIVE_INFINITY, 0xfc00],
    ['half of the smallest half', 2 ** -25, 0],
    ['a little more than that', 2 ** -25 * 1.01, 1],
    ['negative zero', -0, 0x8000],
  ];
  for (const [title, value, bits] of edges) {
    it(`converts ${title}`, () => {
      assert.equal(floatToHalfBits(value), bits);
    });
  }
});
