import type { ModelShape } from '../manifest.ts';
import { ModelError } from '../modelError.ts';
import { HALF_VALUES } from '../quantize/halfFloat.ts';
import { changedMatrix } from '../source/changedMatrix.ts';
import type { LayerMatrixRole, ModelSource, WeightMatrix } from '../source/modelSource.ts';
import type { Adapter, HalfTensor } from './readAdapter.ts';

/** Projections that read the same input share one adapter, their outputs one after the other. */
type Target = 'queryKeyValue' | 'attentionOutput' | 'gateUp' | 'down';
const TARGETS: readonly Target[] = ['queryKeyValue', 'attentionOutput', 'gateUp', 'down'];

/**
 * The source with an adapter merged into it: each matrix that the adapter touches is W + scale · B · A, a few rows at a time
 * (LoRA, arXiv 2106.09685 §4.1). Everything else, and closing, is the wrapped source's.
 *
 * Throws `ModelError` when the adapter does not fit the model's shape. Whether it belongs to these very weights only their
 * hash can tell: the caller compares it.
 */
export function adapterSource(source: ModelSource, adapter: Adapter): ModelSource {
  checkFit(source.shape, adapter);
  const touched = new Set(adapter.layers);
  return {
    ...source,
    layerMatrix: (layer, role) => {
      const matrix = source.layerMatrix(layer, role);
      return touched.has(layer) ? merged(matrix, factorsOf(source.shape, adapter, layer, role)) : matrix;
    },
  };
}

interface Factors {
  readonly a: Float32Array;
  /** Already times the scale. */
  readonly b: Float32Array;
  readonly rank: number;
}

function merged(matrix: WeightMatrix, { a, b, rank }: Factors): WeightMatrix {
  const { columns } = matrix;
  return changedMatrix(matrix, (into, firstRow, rowCount) => {
    for (let index = 0; index < rowCount; index++) {
      const to = index * columns;
      for (let inner = 0; inner < rank; inner++) {
        const factor = b[(firstRow + index) * rank + inner]!;
        const from = inner * columns;
        for (let column = 0; column < columns; column++) {
          into[to + column] = into[to + column]! + factor * a[from + column]!;
        }
      }
    }
  });
}

/** A whole, and the rows of B that belong to one projection. */
function factorsOf(shape: ModelShape, adapter: Adapter, layer: number, role: LayerMatrixRole): Factors {
  const { target, firstRow, rows } = placeOf(shape, role);
  const { rank, scale, tensors } = adapter;
  const a = tensors.get(`layers.${layer}.${target}.a`)!;
  const b = tensors.get(`layers.${layer}.${target}.b`)!;
  const part = b.bits.subarray(firstRow * rank, (firstRow + rows) * rank);
  return { a: toFloats(a.bits, 1), b: toFloats(part, scale), rank };
}

function toFloats(bits: Uint16Array, scale: number): Float32Array {
  return Float32Array.from(bits, (half) => scale * HALF_VALUES[half]!);
}

function placeOf(shape: ModelShape, role: LayerMatrixRole): { target: Target; firstRow: number; rows: number } {
  const { hidden, feedForward } = shape;
  const queries = shape.heads * shape.headSize;
  const keys = shape.keyValueHeads * shape.headSize;
  switch (role) {
    case 'query':
      return { target: 'queryKeyValue', firstRow: 0, rows: queries };
    case 'key':
      return { target: 'queryKeyValue', firstRow: queries, rows: keys };
    case 'value':
      return { target: 'queryKeyValue', firstRow: queries + keys, rows: keys };
    case 'attentionOutput':
      return { target: 'attentionOutput', firstRow: 0, rows: hidden };
    case 'gate':
      return { target: 'gateUp', firstRow: 0, rows: feedForward };
    case 'up':
      return { target: 'gateUp', firstRow: feedForward, rows: feedForward };
    case 'down':
      return { target: 'down', firstRow: 0, rows: hidden };
  }
}

/** Every matrix of every layer named is there with the model's sizes, and no other: a leftover would be silently ignored. */
function checkFit(shape: ModelShape, { layers, rank, tensors }: Adapter): void {
  const { hidden, feedForward } = shape;
  const queries = shape.heads * shape.headSize;
  const keys = shape.keyValueHeads * shape.headSize;
  const sizes: Readonly<Record<Target, readonly [outputs: number, inputs: number]>> = {
    queryKeyValue: [queries + 2 * keys, hidden],
    attentionOutput: [hidden, queries],
    gateUp: [2 * feedForward, hidden],
    down: [hidden, feedForward],
  };
  const lastLayer = layers.at(-1)!;
  if (lastLayer >= shape.layers) {
    throw new ModelError('unsupported', `its adapter changes layer ${lastLayer}, the model has ${shape.layers} layers`);
  }
  const expected = new Set<string>();
  for (const layer of layers) {
    for (const target of TARGETS) {
      const [outputs, inputs] = sizes[target];
      const name = `layers.${layer}.${target}`;
      checkSize(tensors.get(`${name}.a`), `${name}.a`, rank, inputs);
      checkSize(tensors.get(`${name}.b`), `${name}.b`, outputs, rank);
      expected.add(`${name}.a`).add(`${name}.b`);
    }
  }
  for (const name of tensors.keys()) {
    if (!expected.has(name)) {
      throw new ModelError('unsupported', `its adapter has a tensor "${name.slice(0, 64)}" that fits nothing`);
    }
  }
}

function checkSize(tensor: HalfTensor | undefined, name: string, rows: number, columns: number): void {
  if (tensor === undefined) {
    throw new ModelError('damaged', `its adapter lacks the tensor "${name}"`);
  }
  if (tensor.rows !== rows || tensor.columns !== columns) {
    const found = `${tensor.rows} × ${tensor.columns}`;
    throw new ModelError('damaged', `its adapter's tensor "${name}" is ${found}, expected ${rows} × ${columns}`);
  }
}
