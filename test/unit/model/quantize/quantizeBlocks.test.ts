import assert from 'node:assert/strict';
import { HALF_VALUES } from '../../../../src/model/quantize/halfFloat.ts';
import type { BlockFormat } from '../../../../src/model/quantize/quantizeBlocks.ts';
import { EIGHT_BIT, FOUR_BIT, quantizeRows, rowSizes } from '../../../../src/model/quantize/quantizeBlocks.ts';
import { createRandom } from '../../../support/random.ts';

interface Block {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly codes: readonly number[];
}

/** Quantises and reads the result back as the documentation of `MatMulNBits` lays it out. */
function blocksOf(format: BlockFormat, values: Float32Array, rowCount: number): readonly (readonly Block[])[] {
  const columns = values.length / rowCount;
  const { blocks, codeBytes, zeroPointBytes } = rowSizes(format, columns);
  const into = {
    codes: new Uint8Array(rowCount * codeBytes),
    scales: new Uint16Array(rowCount * blocks),
    zeroPoints: new Uint8Array(rowCount * zeroPointBytes),
  };
  quantizeRows(format, values, rowCount, columns, into);
  const nibble = (bytes: Uint8Array, index: number) => (bytes[index >> 1]! >> ((index & 1) * 4)) & 15;
  return Array.from({ length: rowCount }, (_, row) =>
    Array.from({ length: blocks }, (_, block) => {
      const first = (row * blocks + block) * format.blockSize;
      const codes = Array.from({ length: format.blockSize }, (_, index) =>
        format.bits === 8 ? into.codes[first + index]! : nibble(into.codes, first + index),
      );
      const rowZeroPoints = into.zeroPoints.subarray(row * zeroPointBytes);
      const zeroPoint = format.hasZeroPoints ? nibble(rowZeroPoints, block) : 2 ** (format.bits - 1);
      return { scale: HALF_VALUES[into.scales[row * blocks + block]!]!, zeroPoint, codes };
    }),
  );
}

describe('quantizeRows', () => {
  for (const [title, format] of [
    ['8-bit', EIGHT_BIT],
    ['4-bit', FOUR_BIT],
  ] as const) {
    // 300 inputs end inside a block of 128 as well as of 32, and give an odd number of blocks.
    for (const columns of [128, 256, 300]) {
      it(`keeps ${title} codes of ${columns} inputs within a step of their values`, () => {
        const random = createRandom(columns);
        const rowCount = 5;
        const values = Float32Array.from(
          { length: rowCount * columns },
          () => random() ** 3 * (random() < 0.4 ? -1 : 1),
        );
        for (const [row, blocks] of blocksOf(format, values, rowCount).entries()) {
          for (const [block, { scale, zeroPoint, codes }] of blocks.entries()) {
            const first = block * format.blockSize;
            const count = Math.min(format.blockSize, columns - first);
            for (let index = 0; index < count; index++) {
              const value = values[row * columns + first + index]!;
              const error = Math.abs((codes[index]! - zeroPoint) * scale - value);
              // Half a step from rounding; a whole one where the far end of the range is cut off.
              assert.ok(error <= Math.abs(scale) * 1.02, `${value}: error ${error}, step ${scale}`);
            }
            assert.deepEqual(new Set(codes.slice(count)), new Set(count < format.blockSize ? [zeroPoint] : []));
          }
        }
      });
    }

    it(`keeps the mean error of ${title} codes near that of rounding`, () => {
      const random = createRandom(3);
      const values = Float32Array.from({ length: 64 * 256 }, () => random() + random() + random() - 1.5);
      let squares = 0;
      let steps = 0;
      for (const [row, blocks] of blocksOf(format, values, 64).entries()) {
        for (const [block, { scale, zeroPoint, codes }] of blocks.entries()) {
          for (const [index, code] of codes.entries()) {
            squares += ((code - zeroPoint) * scale - values[row * 256 + block * format.blockSize + index]!) ** 2;
            steps += scale ** 2;
          }
        }
      }
      // Uniform rounding errors have a mean square of a twelfth of the squared step.
      assert.ok(squares / steps > 0.06 && squares / steps < 0.095, `${squares / steps}`);
    });

    it(`keeps zeros exact in ${title} codes`, () => {
      const values = Float32Array.from({ length: 128 }, (_, index) => (index % 3 === 0 ? 0 : index / 50));
      for (const source of [values, new Float32Array(128)]) {
        const [[...blocks]] = blocksOf(format, source, 1) as [Block[]];
        const decoded = blocks.flatMap(({ scale, zeroPoint, codes }) =>
          codes.map((code) => (code - zeroPoint) * scale),
        );
        const zeros = decoded.filter((_, index) => source[index] === 0);
        assert.ok(zeros.every((value) => value === 0));
      }
    });
  }

  it('gives the value of largest magnitude the code 0, whatever its sign', () => {
    for (const sign of [1, -1]) {
      const values = Float32Array.from({ length: 128 }, (_, index) => (index === 5 ? sign : 0.3 * sign));
      const [[block]] = blocksOf(EIGHT_BIT, values, 1) as [[Block]];
      assert.deepEqual([block.codes[5], Math.sign(block.scale)], [0, -sign]);
    }
  });
});
