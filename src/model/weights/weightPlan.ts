import type { ModelShape, Quantization } from '../manifest.ts';
import type { BlockFormat } from '../quantize/quantizeBlocks.ts';
import { EIGHT_BIT, FOUR_BIT } from '../quantize/quantizeBlocks.ts';
import type { IntegerFormat } from '../quantize/quantizeIntegers.ts';
import { integerFormat } from '../quantize/quantizeIntegers.ts';

/** How one matrix of the graph is stored. `float32` is the plain matrix. */
export type MatrixFormat = 'float32' | IntegerFormat | BlockFormat;

/** One matrix of the graph; its tensors are `<name>.codes`, `.scales`, `.zeroPoints` or `.weight`, and `.bias`; for whole numbers
 * `<name>.<group>.codes` and `.scales`. */
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

type Part = 'table' | 'attention' | 'output' | 'gateUp' | 'down';

/** Inputs of a group: what they read has outliers that smoothing does not reach. */
const OUTPUT_GROUP = 512;
const DOWN_GROUP = 1280;

function formatsOf(shape: ModelShape, quantization: Quantization): Readonly<Record<Part, MatrixFormat>> {
  const alike = (format: MatrixFormat) =>
    ({ table: format, attention: format, output: format, gateUp: format, down: format }) as const;
  switch (quantization) {
    case 'q8':
      return alike(EIGHT_BIT);
    case 'q4':
      return { ...alike(EIGHT_BIT), gateUp: FOUR_BIT, down: FOUR_BIT };
    case 'f32':
      return alike('float32');
    case 'w8a8': {
      const whole: MatrixFormat = { kind: 'integers', groups: 1 };
      const output = integerFormat(shape.heads * shape.headSize, OUTPUT_GROUP);
      const down = integerFormat(shape.feedForward, DOWN_GROUP);
      return { table: whole, attention: whole, output, gateUp: whole, down };
    }
  }
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
  const formats = formatsOf(shape, quantization);
  const matrix = (
    name: string,
    outputs: number,
    inputs: number,
    format: MatrixFormat,
    hasBias = false,
  ): MatrixPlan => ({ name, outputs, inputs, format, hasBias });
  const head = matrix('head', vocabulary, hidden, formats.table);
  return {
    head,
    embedding: options.hasOwnEmbedding ? matrix('embedding', vocabulary, hidden, formats.table) : head,
    layers: Array.from({ length: shape.layers }, (_, layer) => ({
      queryKeyValue: matrix(
        `layers.${layer}.queryKeyValue`,
        queries + 2 * keys,
        hidden,
        formats.attention,
        options.hasAttentionBias,
      ),
      attentionOutput: matrix(`layers.${layer}.attentionOutput`, hidden, queries, formats.output),
      gateUp: matrix(`layers.${layer}.gateUp`, 2 * feedForward, hidden, formats.gateUp),
      down: matrix(`layers.${layer}.down`, hidden, feedForward, formats.down),
      attentionNorm: `layers.${layer}.attentionNorm`,
      feedForwardNorm: `layers.${layer}.feedForwardNorm`,
    })),
    finalNorm: 'finalNorm',
  };
}
