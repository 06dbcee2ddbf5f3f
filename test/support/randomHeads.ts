import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HeadMethod, ModelShape } from '../../src/model/manifest.ts';
import { floatToHalfBits } from '../../src/model/quantize/halfFloat.ts';
import { createRandom } from './random.ts';
import type { TensorToWrite } from './safetensorsFile.ts';
import { safetensorsBytes } from './safetensorsFile.ts';

export interface RandomHeadsOptions {
  readonly seed: number;
  readonly shape: ModelShape;
  readonly draftVocabularySize: number;
  /** Medusa heads. */
  readonly depth: number;
  readonly window: number;
  /** Rank of the previous-token bias; 0 leaves it out. */
  readonly biasRank: number;
  /** Width of the block's feed-forward. */
  readonly feedForward: number;
  readonly hasAttentionBias: boolean;
  /** Matrices as I8 with a scale per row instead of F16. */
  readonly isEightBit: boolean;
  readonly sourceSha256: string;
  readonly methods: readonly HeadMethod[];
}

/** The values that a heads folder was written with, after rounding, by tensor name; the draft vocabulary apart. */
export interface RandomHeads {
  readonly draftVocabulary: readonly number[];
  readonly tensors: ReadonlyMap<string, { readonly dimensions: readonly number[]; readonly values: readonly number[] }>;
}

/**
 * Writes `heads.json` and a head file per method with random values, the same for the same seed: the format as the product
 * reads it, at any size.
 */
export function writeRandomHeads(folder: string, options: RandomHeadsOptions): RandomHeads {
  const random = createRandom(options.seed);
  const draftVocabulary = pickIds(random, options.shape.vocabulary, options.draftVocabularySize);
  const all = new Map<string, { dimensions: readonly number[]; values: readonly number[] }>();
  const bins = [0.25, 0.5, 0.75, 1];
  mkdirSync(folder, { recursive: true });
  const heads = options.methods.map((method) => {
    const tensors: TensorToWrite[] = [
      { name: 'draft_vocabulary', type: 'I32', dimensions: [draftVocabulary.length], values: draftVocabulary },
    ];
    for (const [name, dimensions] of Object.entries(method === 'medusa' ? medusaShapes(options) : mtpShapes(options))) {
      const { stored, values } = randomTensor(random, name, dimensions, options.isEightBit);
      tensors.push(...stored);
      all.set(name, { dimensions, values });
    }
    const file = `${method}.safetensors`;
    writeFileSync(path.join(folder, file), safetensorsBytes(tensors));
    return {
      method,
      file,
      depth: options.depth,
      ...(method === 'mtp' ? { window: options.window } : {}),
      trunk: { sourceSha256: options.sourceSha256, adapterSha256: 'none' },
      calibration: {
        probabilityBins: bins,
        acceptance: Array.from({ length: options.depth }, () => bins.map((bound) => bound - 0.125)),
      },
      trained: { tokens: 0 },
      licence: 'MIT',
    };
  });
  writeFileSync(path.join(folder, 'heads.json'), JSON.stringify({ formatVersion: 1, heads }, undefined, 2));
  return { draftVocabulary, tensors: all };
}

function medusaShapes({ shape, depth, biasRank, draftVocabularySize }: RandomHeadsOptions) {
  const { hidden } = shape;
  const shapes: Record<string, readonly number[]> = {};
  for (let head = 0; head < depth; head++) {
    shapes[`medusa.${head}.skip`] = [hidden, hidden];
    shapes[`medusa.${head}.weight`] = [hidden, hidden];
    shapes[`medusa.${head}.bias`] = [hidden];
  }
  if (biasRank > 0) {
    shapes['medusa.bias.in'] = [draftVocabularySize, biasRank];
    shapes['medusa.bias.out'] = [draftVocabularySize, biasRank];
  }
  return shapes;
}

function mtpShapes({ shape, feedForward, hasAttentionBias }: RandomHeadsOptions) {
  const { hidden, headSize } = shape;
  const queries = shape.heads * headSize;
  const keys = shape.keyValueHeads * headSize;
  const biases = { 'mtp.query.bias': [queries], 'mtp.key.bias': [keys], 'mtp.value.bias': [keys] };
  return {
    'mtp.norm_hidden': [hidden],
    'mtp.norm_embedding': [hidden],
    'mtp.proj': [hidden, 2 * hidden],
    'mtp.attention_norm': [hidden],
    'mtp.query.weight': [queries, hidden],
    'mtp.key.weight': [keys, hidden],
    'mtp.value.weight': [keys, hidden],
    ...(hasAttentionBias ? biases : {}),
    'mtp.output': [hidden, queries],
    'mtp.feed_forward_norm': [hidden],
    'mtp.gate': [feedForward, hidden],
    'mtp.up': [feedForward, hidden],
    'mtp.down': [hidden, feedForward],
    'mtp.norm_out': [hidden],
  };
}

/** Norm gains lie around 1; everything else keeps the size of what it is multiplied with. */
function randomTensor(random: () => number, name: string, dimensions: readonly number[], isEightBit: boolean) {
  const count = dimensions.reduce((product, size) => product * size, 1);
  const columns = dimensions.at(-1)!;
  const values = name.includes('norm')
    ? Array.from({ length: count }, () => 0.8 + 0.4 * random())
    : Array.from({ length: count }, () => (2 * random() - 1) * Math.sqrt(3 / columns));
  if (!isEightBit || dimensions.length === 1) {
    const halves = values.map(halfOf);
    return { stored: [{ name, type: 'F16', dimensions, values: halves }] as const, values: halves };
  }
  const rows = dimensions[0]!;
  const scales = Array.from({ length: rows }, (_, row) =>
    halfOf(Math.max(...values.slice(row * columns, (row + 1) * columns).map(Math.abs)) / 127),
  );
  const scaleOf = (index: number): number => scales[Math.floor(index / columns)]!;
  const codes = values.map((value, index) => Math.max(-127, Math.min(127, Math.round(value / scaleOf(index)))));
  return {
    stored: [
      { name, type: 'I8', dimensions, values: codes },
      { name: `${name}.scale`, type: 'F16', dimensions: [rows], values: scales },
    ] as const,
    values: codes.map((code, index) => code * scaleOf(index)),
  };
}

function pickIds(random: () => number, vocabulary: number, count: number): readonly number[] {
  const ids: number[] = [];
  for (let id = 0; id < vocabulary; id++) {
    if (random() * (vocabulary - id) < count - ids.length) {
      ids.push(id);
    }
  }
  return ids;
}

/** The nearest half; values here are in its normal range. */
function halfOf(value: number): number {
  const bits = floatToHalfBits(value);
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}
