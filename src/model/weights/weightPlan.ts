import type { ModelShape, Quantization } from '../manifest.ts';
import type { BlockFormat } from '../quantize/quantizeBlocks.ts';
import { EIGHT_BIT, FOUR_BIT } from '../quantize/quantizeBlocks.ts';

/** How one matrix of the graph is stored. `float32` is the plain matrix. */
export type MatrixFormat = 'float32' | BlockFormat;

/** One matrix of the graph; its tensors are `<name>.codes`, `.scales`, `.zeroPoints` or `.weight`, and `.bias`. */
export interface MatrixPlan {
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  readonly format: MatrixFormat;
  readonly hasBias: boolean;
}

/** Projections that read the same input are one matrix: queries, keys, values; gate, up (worth 1–2 ms per step each). */
export interface LayerPlan {
  readonly queryKeyValue: MatrixPlan;
  readonly attentionOutput: MatrixPlan;
  readonly gateUp: MatrixPlan;
  readonly down: MatrixPlan;
  readonly attentionNorm: string;
  readonly feedForwardNorm: string;
}

export interface WeightPlan {
  readonly head: MatrixPlan;
  /** Equal to `head` when one table serves both. */
  readonly embedding: MatrixPlan;
  readonly layers: readonly LayerPlan[];
  readonly finalNorm: string;
}

/** Says which tensors a package has and how each is stored; the writer and the graph both follow it. */
export function planWeights(
  shape: ModelShape,
  quantization: Quantization,
  options: { readonly hasAttentionBias: boolean; readonly hasOwnEmbedding: boolean },
): WeightPlan {
  const { hidden, feedForward, vocabulary } = shape;
  const queries = shape.heads * shape.headSize;
  const keys = shape.keyValueHeads * shape.headSize;
  const format: MatrixFormat = quantization === 'f32' ? 'float32' : EIGHT_BIT;
  const feedForwardFormat: MatrixFormat = quantization === 'q4' ? FOUR_BIT : format;
  const matrix = (name: string, outputs: number, inputs: number, stored = format, hasBias = false): MatrixPlan => ({
    name,
    outputs,
    inputs,
    format: stored,
    hasBias,
  });
  const head = matrix('head', vocabulary, hidden);
  return {
    head,
    embedding: options.hasOwnEmbedding ? matrix('embedding', vocabulary, hidden) : head,
    layers: Array.from({ length: shape.layers }, (_, layer) => ({
      queryKeyValue: matrix(
        `layers.${layer}.queryKeyValue`,
        queries + 2 * keys,
        hidden,
        format,
        options.hasAttentionBias,
      ),
      attentionOutput: matrix(`layers.${layer}.attentionOutput`, hidden, queries),
      gateUp: matrix(`layers.${layer}.gateUp`, 2 * feedForward, hidden, feedForwardFormat),
      down: matrix(`layers.${layer}.down`, hidden, feedForward, feedForwardFormat),
      attentionNorm: `layers.${layer}.attentionNorm`,
      feedForwardNorm: `layers.${layer}.feedForwardNorm`,
    })),
    finalNorm: 'finalNorm',
  };
}
