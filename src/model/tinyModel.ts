import { createHash } from 'node:crypto';
import type { Result } from '../base/result.ts';
import type { Architecture, ModelManifest, ModelShape, Quantization } from './manifest.ts';
import type { ModelSource, TokenizerSource, TokenKind } from './source/modelSource.ts';
import { randomSource } from './source/randomSource.ts';
import { printableBytes } from './vocabularyFile.ts';
import type { BuildFailure } from './writePackage.ts';
import { writePackage } from './writePackage.ts';

export interface TinyModelOptions {
  /** Defaults to 1. */
  readonly seed?: number;
  /** Defaults to `q8`. */
  readonly quantization?: Quantization;
  /** Defaults to `qwen2`. */
  readonly architecture?: Architecture;
  /** Sizes that differ from the usual ones (2 layers, hidden 128, 4 heads of 32, vocabulary 512). */
  readonly shape?: Partial<ModelShape>;
  readonly hasOwnEmbedding?: boolean;
}

const SHAPE: ModelShape = {
  layers: 2,
  hidden: 128,
  heads: 4,
  keyValueHeads: 2,
  headSize: 32,
  feedForward: 256,
  vocabulary: 512,
  contextLength: 1024,
  ropeBase: 1_000_000,
  normEpsilon: 1e-6,
};

/**
 * Writes a package with random weights, a few hundred kilobytes, in well under a second: for tests and for checking that
 * a device's kernels work. It goes through the same graph, quantisers and files as a real model, and the same seed gives
 * the same bytes. Its text means nothing.
 */
export async function buildTinyModel(
  outDir: string,
  options: TinyModelOptions = {},
): Promise<Result<ModelManifest, BuildFailure>> {
  const name = `random weights, seed ${options.seed ?? 1}`;
  return writePackage(tinySource(options), outDir, {
    id: 'tiny',
    quantization: options.quantization ?? 'q8',
    licence: 'none',
    source: { name, sha256: createHash('sha256').update(name).digest('hex') },
  });
}

/** The tiny model as the builder reads it. */
export function tinySource(options: TinyModelOptions = {}): ModelSource {
  const { seed = 1, architecture = 'qwen2', hasOwnEmbedding = false } = options;
  const shape = { ...SHAPE, ...options.shape };
  return randomSource({ seed, architecture, shape, tokenizer: tinyTokenizer(shape.vocabulary), hasOwnEmbedding });
}

/** Pairs that code has plenty of, in an order in which every merge joins known tokens. `Ġ` is a space, `Ċ` a line feed. */
const MERGES =
  'Ġ Ġ|ĠĠ ĠĠ|i n|e r|r e|o n|t h|th e|i f|Ġ =|Ġ (|( )|) ;|) :|r n|t u|re tu|retu rn|d e|de f|Ġ {|} Ċ|Ċ Ċ|Ċ ĠĠ|s e|l e|s t|' +
  'c on|con st|Ġ the|f o|fo r|Ġ in|a t|n t|i s|o r|a n|an d';

const CONTROL_TOKENS = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|fim_prefix|>',
  '<|fim_middle|>',
  '<|fim_suffix|>',
  '<|fim_pad|>',
  '<|repo_name|>',
  '<|file_sep|>',
];

/** All bytes, a few merges and Qwen's control tokens; ids that are left over only pad, as in the real vocabulary. */
function tinyTokenizer(vocabulary: number): TokenizerSource {
  const merges = MERGES.split('|');
  const ordinary = [...printableBytes().keys(), ...merges.map((merge) => merge.replace(' ', ''))];
  const named = [...ordinary, ...CONTROL_TOKENS];
  if (named.length > vocabulary) {
    throw new Error(`the tiny vocabulary needs ${named.length} ids, not ${vocabulary}`);
  }
  const kindOf = (id: number): TokenKind => {
    if (id < ordinary.length) {
      return 'ordinary';
    }
    return id < named.length ? 'control' : 'unused';
  };
  const ids = Array.from({ length: vocabulary }, (_, id) => id);
  return {
    tokens: ids.map((id) => named[id] ?? `[PAD${id}]`),
    kinds: ids.map(kindOf),
    merges,
    preTokenizer: 'qwen2',
    endTokens: [ordinary.length],
  };
}
