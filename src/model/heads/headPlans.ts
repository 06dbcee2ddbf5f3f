import type { ModelShape } from '../manifest.ts';
import { integerFormat } from '../quantize/quantizeIntegers.ts';
import type { MatrixFormat, MatrixPlan } from '../weights/weightPlan.ts';

/** What both kinds of heads have: the rows of the model's output head for the draft vocabulary. */
export interface DraftPlan {
  readonly draftHead: MatrixPlan;
  /** int64 `(draft vocabulary)`: ids of the full vocabulary, ascending. */
  readonly vocabulary: string;
}

export interface MedusaPlan extends DraftPlan {
  readonly depth: number;
  /** All heads in one matrix, since they read one input: the skip matrices of heads 0, 1, …, then their weights. */
  readonly mixer: MatrixPlan;
  /** Bias by the token before; `into` is a float16 table, `(draft vocabulary, rank)`. */
  readonly previousToken: { readonly into: string; readonly out: MatrixPlan } | undefined;
}

export interface MtpPlan extends DraftPlan {
  readonly window: number;
  /** The model's own table. */
  readonly embedding: MatrixPlan;
  readonly hiddenNorm: string;
  readonly embeddingNorm: string;
  readonly projection: MatrixPlan;
  readonly attentionNorm: string;
  readonly queryKeyValue: MatrixPlan;
  readonly attentionOutput: MatrixPlan;
  readonly feedForwardNorm: string;
  readonly gateUp: MatrixPlan;
  readonly down: MatrixPlan;
  readonly outputNorm: string;
}

/** Inputs of a group at most, as in the trunk's widest matrix. */
const GROUP_INPUTS = 1280;

export interface HeadSizes {
  readonly shape: ModelShape;
  /** Of the model's own head: the heads' matrices are stored in it too, whole numbers with groups of their own. */
  readonly format: MatrixFormat;
  readonly draftVocabularySize: number;
}

export function planMedusa(sizes: HeadSizes, depth: number, biasRank: number | undefined): MedusaPlan {
  const { hidden } = sizes.shape;
  const out =
    biasRank === undefined ? undefined : matrix(sizes, 'previousToken.out', sizes.draftVocabularySize, biasRank);
  return {
    ...planDraft(sizes),
    depth,
    mixer: matrix(sizes, 'medusa', 2 * depth * hidden, hidden, true),
    previousToken: out === undefined ? undefined : { into: 'previousToken.in', out },
  };
}

export function planMtp(
  sizes: HeadSizes,
  options: {
    readonly window: number;
    readonly feedForward: number;
    readonly hasAttentionBias: boolean;
    readonly embedding: MatrixPlan;
  },
): MtpPlan {
  const { hidden, heads, keyValueHeads, headSize } = sizes.shape;
  const rows = (heads + 2 * keyValueHeads) * headSize;
  return {
    ...planDraft(sizes),
    window: options.window,
    embedding: options.embedding,
    hiddenNorm: 'mtp.hiddenNorm',
    embeddingNorm: 'mtp.embeddingNorm',
    projection: matrix(sizes, 'mtp.projection', hidden, 2 * hidden),
    attentionNorm: 'mtp.attentionNorm',
    queryKeyValue: matrix(sizes, 'mtp.queryKeyValue', rows, hidden, options.hasAttentionBias),
    attentionOutput: matrix(sizes, 'mtp.attentionOutput', hidden, heads * headSize),
    feedForwardNorm: 'mtp.feedForwardNorm',
    gateUp: matrix(sizes, 'mtp.gateUp', 2 * options.feedForward, hidden),
    down: matrix(sizes, 'mtp.down', hidden, options.feedForward),
    outputNorm: 'mtp.outputNorm',
  };
}

function planDraft(sizes: HeadSizes): DraftPlan {
  return {
    draftHead: {
      ...matrix(sizes, 'draftHead', sizes.draftVocabularySize, sizes.shape.hidden),
      format: sizes.format,
    },
    vocabulary: 'draftVocabulary',
  };
}

function matrix(sizes: HeadSizes, name: string, outputs: number, inputs: number, hasBias = false): MatrixPlan {
  const isInteger = sizes.format !== 'float32' && sizes.format.kind === 'integers';
  const format = isInteger ? integerFormat(inputs, GROUP_INPUTS) : sizes.format;
  return { name, outputs, inputs, format, hasBias };
}
