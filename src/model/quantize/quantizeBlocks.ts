/**
 * Round-to-nearest block quantisers in the layout of ONNX Runtime's `MatMulNBits` (com.microsoft): per row, blocks of
 * `blockSize` inputs, each with one scale; 4-bit codes two to a byte, low nibble first. Scales are stored as halves, and
 * codes are computed from the rounded scale, so that rounding it adds no error of its own.
 */

import { floatToHalfBits, HALF_VALUES } from './halfFloat.ts';

export interface BlockFormat {
  readonly kind: 'blocks';
  readonly bits: 4 | 8;
  readonly blockSize: number;
  /** Stored zero points; without them the zero point is the middle code (8 or 128), `MatMulNBits`' default. */
  readonly hasZeroPoints: boolean;
}

/** 8-bit, block 128, symmetric: practically lossless, and with VNNI the fastest block format at every row count. */
export const EIGHT_BIT: BlockFormat = { kind: 'blocks', bits: 8, blockSize: 128, hasZeroPoints: false };
/** 4-bit, block 32, with zero points: the small variant's feed-forward. */
export const FOUR_BIT: BlockFormat = { kind: 'blocks', bits: 4, blockSize: 32, hasZeroPoints: true };

export interface BlockSizes {
  readonly blocks: number;
  readonly codeBytes: number;
  readonly zeroPointBytes: number;
}

/** What one row of `columns` inputs takes; the last block is padded when the columns end inside it. */
export function rowSizes(format: BlockFormat, columns: number): BlockSizes {
  const blocks = Math.ceil(columns / format.blockSize);
  return {
    blocks,
    codeBytes: (blocks * format.blockSize * format.bits) / 8,
    zeroPointBytes: format.hasZeroPoints ? Math.ceil((blocks * format.bits) / 8) : 0,
  };
}

/** Where the codes, scales (half bits) and zero points of some rows go; each array starts at the first of these rows. */
export interface QuantizedRows {
  readonly codes: Uint8Array;
  readonly scales: Uint16Array;
  readonly zeroPoints: Uint8Array;
}

/** Quantises `rowCount` rows from the start of `values` (row-major) to the start of the arrays in `into`. */
export function quantizeRows(
  format: BlockFormat,
  values: Float32Array,
  rowCount: number,
  columns: number,
  into: QuantizedRows,
): void {
  if (format.bits === 8) {
    quantizeEightBit(format.blockSize, values, rowCount, columns, into);
  } else {
    quantizeFourBit(format.blockSize, values, rowCount, columns, into);
  }
}

/**
 * The value of largest magnitude maps to code 0 (−128 steps), whatever its sign: one more step than ±127 would give, and
 * the rule that llama.cpp's symmetric formats use.
 */
function quantizeEightBit(
  blockSize: number,
  values: Float32Array,
  rowCount: number,
  columns: number,
  { codes, scales }: QuantizedRows,
): void {
  let code = 0;
  let block = 0;
  for (let row = 0; row < rowCount; row++) {
    const rowStart = row * columns;
    for (let start = 0; start < columns; start += blockSize) {
      const end = rowStart + Math.min(start + blockSize, columns);
      let largest = 0;
      let largestSize = 0;
      for (let index = rowStart + start; index < end; index++) {
        const value = values[index]!;
        const size = value < 0 ? -value : value;
        if (size > largestSize) {
          largestSize = size;
          largest = value;
        }
      }
      const half = floatToHalfBits(largest / -128);
      scales[block++] = half;
      const scale = HALF_VALUES[half]!;
      const inverse = scale === 0 ? 0 : 1 / scale;
      const codeEnd = code + blockSize;
      for (let index = rowStart + start; index < end; index++) {
        // Non-negative or just below zero, so truncation rounds to nearest.
        const rounded = (values[index]! * inverse + 128.5) | 0;
        codes[code++] = Math.min(255, Math.max(0, rounded));
      }
      while (code < codeEnd) {
        codes[code++] = 128;
      }
    }
  }
}

/** Asymmetric: the span from minimum to maximum, zero included, in 15 steps. */
function quantizeFourBit(
  blockSize: number,
  values: Float32Array,
  rowCount: number,
  columns: number,
  { codes, scales, zeroPoints }: QuantizedRows,
): void {
  const zeroPointBytes = Math.ceil(Math.ceil(columns / blockSize) / 2);
  const blockCodes = new Uint8Array(blockSize);
  let codeByte = 0;
  let scaleIndex = 0;
  for (let row = 0; row < rowCount; row++) {
    const rowStart = row * columns;
    zeroPoints.fill(0, row * zeroPointBytes, (row + 1) * zeroPointBytes);
    for (let start = 0, block = 0; start < columns; start += blockSize, block++) {
      const end = Math.min(start + blockSize, columns);
      let low = 0;
      let high = 0;
      for (let index = rowStart + start; index < rowStart + end; index++) {
        const value = values[index]!;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      const half = floatToHalfBits((high - low) / 15);
      scales[scaleIndex++] = half;
      const scale = HALF_VALUES[half]!;
      const inverse = scale === 0 ? 0 : 1 / scale;
      const zeroPoint = clampNibble((-low * inverse + 0.5) | 0);
      zeroPoints[row * zeroPointBytes + (block >> 1)]! |= zeroPoint << ((block & 1) * 4);
      blockCodes.fill(zeroPoint);
      for (let index = start; index < end; index++) {
        blockCodes[index - start] = clampNibble((values[rowStart + index]! * inverse + zeroPoint + 0.5) | 0);
      }
      for (let index = 0; index < blockSize; index += 2) {
        codes[codeByte++] = blockCodes[index]! | (blockCodes[index + 1]! << 4);
      }
    }
  }
}

function clampNibble(code: number): number {
  return Math.min(15, Math.max(0, code));
}
