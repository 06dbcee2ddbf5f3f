import type { ModelSource, WeightMatrix } from '../../src/model/source/modelSource.ts';

export type Rows = readonly (readonly number[])[];

/**
 * Logits of every row by the textbook: the decoder in plain loops over the weights of a source, one number at a time.
 * Slow and obvious on purpose; the graph is compared with it.
 */
export async function plainForward(source: ModelSource, ids: readonly number[]): Promise<Rows> {
  const { layers, heads, keyValueHeads, headSize, normEpsilon, ropeBase } = source.shape;
  const table = await rowsOf(source.embedding ?? source.head);
  let stream: Rows = ids.map((id) => table[id]!);
  for (let layer = 0; layer < layers; layer++) {
    const matrix = (role: Parameters<ModelSource['layerMatrix']>[1]) => rowsOf(source.layerMatrix(layer, role));
    const bias = async (role: 'queryBias' | 'keyBias' | 'valueBias') =>
      source.hasAttentionBias ? [...(await source.layerVector(layer, role))] : undefined;
    const rotated = (rows: Rows) => rows.map((row, position) => rotate(row, position, headSize, ropeBase));
    const input = normalized(stream, await source.layerVector(layer, 'attentionNorm'), normEpsilon);
    const queries = rotated(product(input, await matrix('query'), await bias('queryBias')));
    const keys = rotated(product(input, await matrix('key'), await bias('keyBias')));
    const values = product(input, await matrix('value'), await bias('valueBias'));
    const attended = queries.map((query, row) =>
      Array.from({ length: heads }, (_, head) => {
        const keyHead = Math.floor(head / (heads / keyValueHeads));
        const part = (vector: readonly number[], index: number) =>
          vector.slice(index * headSize, (index + 1) * headSize);
        const visible = keys.slice(0, row + 1);
        const scores = visible.map((key) => dot(part(query, head), part(key, keyHead)) / Math.sqrt(headSize));
        const largest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - largest));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        return Array.from({ length: headSize }, (_, index) =>
          weights.reduce((sum, weight, key) => sum + (weight / total) * part(values[key]!, keyHead)[index]!, 0),
        );
      }).flat(),
    );
    stream = added(stream, product(attended, await matrix('attentionOutput')));
    const wide = normalized(stream, await source.layerVector(layer, 'feedForwardNorm'), normEpsilon);
    const gate = product(wide, await matrix('gate'));
    const up = product(wide, await matrix('up'));
    const activated = gate.map((row, index) => row.map((g, column) => (g / (1 + Math.exp(-g))) * up[index]![column]!));
    stream = added(stream, product(activated, await matrix('down')));
  }
  return product(normalized(stream, await source.finalNorm(), normEpsilon), await rowsOf(source.head));
}

export async function rowsOf(matrix: WeightMatrix): Promise<Rows> {
  const values = new Float32Array(matrix.rows * matrix.columns);
  await matrix.readRows(0, matrix.rows, values);
  return Array.from({ length: matrix.rows }, (_, row) => [
    ...values.subarray(row * matrix.columns, (row + 1) * matrix.columns),
  ]);
}

export function product(rows: Rows, matrix: Rows, bias?: readonly number[]): Rows {
  return rows.map((row) => matrix.map((weights, output) => dot(weights, row) + (bias?.[output] ?? 0)));
}

export function normalized(rows: Rows, gain: Float32Array, epsilon: number): Rows {
  return rows.map((row) => {
    const size = Math.sqrt(dot(row, row) / row.length + epsilon);
    return row.map((value, index) => (value / size) * gain[index]!);
  });
}

/** Turns element i of each head with element i + headSize / 2 by position · base^(−2i / headSize). */
export function rotate(row: readonly number[], position: number, headSize: number, base: number): readonly number[] {
  return row.map((value, index) => {
    const inHead = index % headSize;
    const pair = inHead % (headSize / 2);
    const angle = position * base ** ((-2 * pair) / headSize);
    const isFirst = inHead < headSize / 2;
    const partner = row[isFirst ? index + headSize / 2 : index - headSize / 2]!;
    return value * Math.cos(angle) + (isFirst ? -partner : partner) * Math.sin(angle);
  });
}

export function added(left: Rows, right: Rows): Rows {
  return left.map((row, index) => row.map((value, column) => value + right[index]![column]!));
}

export function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, index) => sum + value * right[index]!, 0);
}
