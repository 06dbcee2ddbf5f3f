/**
 * Round-to-nearest quantiser for integer matrix products: signed 8-bit codes, symmetric, one scale per output, stored `(inputs,
 * outputs)` as ONNX Runtime's `MatMulIntegerToFloat` (com.microsoft) wants them. Inputs may be cut into groups of equal size, each
 * with scales of its own: where some inputs are a hundred times larger than others, one scale would leave these no steps.
 *
 * Codes stay within ±64. Without VNNI the product adds pairs of 8-bit products in 16 bits, `vpmaddubsw`, and two of 255 · 64 are
 * the most that fit there: larger codes would saturate without a word.
 */

export interface IntegerFormat {
  readonly kind: 'integers';
  readonly groups: number;
}

export const LARGEST_CODE = 64;

/** The format for matrices of so many inputs: as few groups as divide them evenly and have at most `mostInputs` each. */
export function integerFormat(inputs: number, mostInputs: number): IntegerFormat {
  let groups = Math.ceil(inputs / mostInputs);
  while (inputs % groups !== 0) {
    groups++;
  }
  return { kind: 'integers', groups };
}

/** Rows of a matrix on their way into one group. */
export interface GroupOfRows {
  /** `rows` × `columns`, row-major. */
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly firstColumn: number;
  /** Of the whole matrix, the first of these rows, and how many it has. */
  readonly firstOutput: number;
  readonly outputs: number;
}

/** Quantises the columns that belong to a group, whose codes are `(its inputs, outputs)` and its scales one per output. */
export function quantizeGroup(
  { values, rows, columns, firstColumn, firstOutput, outputs }: GroupOfRows,
  into: { readonly codes: Int8Array; readonly scales: Float32Array },
): void {
  const inputs = into.codes.length / outputs;
  for (let row = 0; row < rows; row++) {
    const start = row * columns + firstColumn;
    let largest = 0;
    for (let index = start; index < start + inputs; index++) {
      largest = Math.max(largest, Math.abs(values[index]!));
    }
    const output = firstOutput + row;
    into.scales[output] = largest / LARGEST_CODE;
    const inverse = largest === 0 ? 0 : LARGEST_CODE / largest;
    for (let input = 0; input < inputs; input++) {
      into.codes[input * outputs + output] = Math.round(values[start + input]! * inverse);
    }
  }
}
