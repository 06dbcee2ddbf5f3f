import type { WeightMatrix } from './modelSource.ts';

/** A matrix whose rows are changed on their way out: `change` gets rows `[firstRow, firstRow + rowCount)` at the start of `into`. */
export function changedMatrix(
  matrix: WeightMatrix,
  change: (into: Float32Array, firstRow: number, rowCount: number) => void,
): WeightMatrix {
  return {
    rows: matrix.rows,
    columns: matrix.columns,
    readRows: async (firstRow, rowCount, into) => {
      await matrix.readRows(firstRow, rowCount, into);
      change(into, firstRow, rowCount);
    },
  };
}
