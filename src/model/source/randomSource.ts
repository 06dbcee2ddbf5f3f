import type { Architecture, ModelShape } from '../manifest.ts';
import type { ModelSource, TokenizerSource, WeightMatrix } from './modelSource.ts';

export interface RandomSourceOptions {
  readonly seed: number;
  readonly architecture: Architecture;
  readonly shape: ModelShape;
  readonly tokenizer: TokenizerSource;
  readonly hasOwnEmbedding?: boolean;
}

/**
 * A model of any size with random weights, the same for the same seed and shape on every machine.
 *
 * Whole matrices are made in memory, so this is for small shapes.
 */
export function randomSource({ seed, architecture, shape, ...options }: RandomSourceOptions): ModelSource {
  const { hidden, feedForward, vocabulary } = shape;
  const queries = shape.heads * shape.headSize;
  const keys = shape.keyValueHeads * shape.headSize;
  const hasAttentionBias = architecture === 'qwen2';
  const matrix = (name: string, rows: number, columns: number, gain = 1) =>
    wholeMatrix(rows, columns, randomValues(seed, name, rows * columns, gain / Math.sqrt(columns)));
  const gains = (name: string) => randomValues(seed, name, hidden, 0.1).map((value) => 1 + value);
  // The layers' outputs are made larger than the embedding; otherwise a model with one shared table predicts, whatever it
  // reads, the token that it read last.
  const LAYER_GAIN = 3;
  return {
    architecture,
    shape,
    tokenizer: options.tokenizer,
    hasAttentionBias,
    head: withoutUnusedRows(matrix('head', vocabulary, hidden, 3), options.tokenizer),
    embedding: options.hasOwnEmbedding === true ? matrix('embedding', vocabulary, hidden, 3) : undefined,
    layerMatrix: (layer, role) => {
      const name = `${layer}.${role}`;
      switch (role) {
        case 'query':
          return matrix(name, queries, hidden);
        case 'key':
        case 'value':
          return matrix(name, keys, hidden);
        case 'attentionOutput':
          return matrix(name, hidden, queries, LAYER_GAIN);
        case 'gate':
        case 'up':
          return matrix(name, feedForward, hidden);
        case 'down':
          return matrix(name, hidden, feedForward, LAYER_GAIN);
      }
    },
    layerVector: async (layer, role) => {
      const name = `${layer}.${role}`;
      if (role === 'attentionNorm' || role === 'feedForwardNorm') {
        return gains(name);
      }
      return randomValues(seed, name, role === 'queryBias' ? queries : keys, 0.2);
    },
    finalNorm: async () => gains('finalNorm'),
    close: async () => undefined,
  };
}

/** Rows of unused ids are zero, so that no text of the model has an id that means nothing, as with trained models. */
function withoutUnusedRows(head: WeightMatrix, { kinds }: TokenizerSource): WeightMatrix {
  return {
    ...head,
    readRows: async (firstRow, rowCount, into) => {
      await head.readRows(firstRow, rowCount, into);
      for (let row = 0; row < rowCount; row++) {
        if (kinds[firstRow + row] === 'unused') {
          into.fill(0, row * head.columns, (row + 1) * head.columns);
        }
      }
    },
  };
}

function wholeMatrix(rows: number, columns: number, values: Float32Array): WeightMatrix {
  return {
    rows,
    columns,
    readRows: async (firstRow, rowCount, into) => {
      into.set(values.subarray(firstRow * columns, (firstRow + rowCount) * columns));
    },
  };
}

/** Values of mean 0 and the given deviation, nearly normal: the sum of four uniform ones needs no platform's logarithm. */
function randomValues(seed: number, name: string, count: number, deviation: number): Float32Array {
  let state = seed | 0;
  for (const character of name) {
    state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  }
  const uniform = () => {
    // mulberry32 (public domain, Tommy Ettinger).
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  // Four uniform values have variance 4 / 12.
  const scale = deviation * Math.sqrt(3);
  return Float32Array.from({ length: count }, () => scale * (uniform() + uniform() + uniform() + uniform() - 2));
}
