import type { PreTokenizer } from '../../engine/tokenizer/preTokenize.ts';
import type { GgufFile, GgufValue } from '../gguf/readGguf.ts';
import type { Architecture, ModelShape } from '../manifest.ts';
import { ARCHITECTURES } from '../manifest.ts';
import { ModelError } from '../modelError.ts';
import type { TokenizerSource, TokenKind } from './modelSource.ts';

/** Longer prompts than this are never built for completion; it bounds the rotary tables (2 MB each at head size 128). */
const MAX_CONTEXT_LENGTH = 8192;

/** The architecture named in the file. Throws `ModelError` for one that the decoder graph does not describe. */
export function readArchitecture(file: GgufFile): Architecture {
  const found = file.metadata.get('general.architecture');
  if (typeof found !== 'string') {
    throw new ModelError('damaged', 'it does not name its architecture');
  }
  if (!ARCHITECTURES.includes(found as Architecture)) {
    throw new ModelError(
      'unsupported',
      `its architecture is "${found.slice(0, 64)}"; supported are ${ARCHITECTURES.join(' and ')}`,
    );
  }
  return found as Architecture;
}

/** Sizes from the metadata. Throws `ModelError` for missing or contradictory ones and for features that have no graph. */
export function readShape(file: GgufFile, architecture: Architecture): ModelShape {
  const number = (key: string): number => requiredNumber(file, `${architecture}.${key}`);
  const optional = (key: string): GgufValue | undefined => file.metadata.get(`${architecture}.${key}`);
  const hidden = number('embedding_length');
  const heads = number('attention.head_count');
  const headSize = Number(optional('attention.key_length') ?? hidden / heads);
  const vocabulary = file.tensors.get('token_embd.weight')?.dimensions[1] ?? 0;
  refuseUnsupported(optional, headSize);
  const shape: ModelShape = {
    layers: number('block_count'),
    hidden,
    heads,
    keyValueHeads: Number(optional('attention.head_count_kv') ?? heads),
    headSize,
    feedForward: number('feed_forward_length'),
    vocabulary,
    contextLength: Math.min(number('context_length'), MAX_CONTEXT_LENGTH),
    ropeBase: Number(optional('rope.freq_base') ?? 10_000),
    normEpsilon: roundedFloat(number('attention.layer_norm_rms_epsilon')),
  };
  for (const [key, value] of Object.entries(shape)) {
    if (
      !(value > 0 && Number.isFinite(value)) ||
      (!Number.isInteger(value) && key !== 'normEpsilon' && key !== 'ropeBase')
    ) {
      throw new ModelError('damaged', `its ${key} is ${value}`);
    }
  }
  if (shape.heads % shape.keyValueHeads !== 0 || shape.headSize % 2 !== 0) {
    throw new ModelError(
      'damaged',
      `its ${heads} heads of ${headSize} do not fit ${shape.keyValueHeads} key-value heads`,
    );
  }
  return shape;
}

function refuseUnsupported(optional: (key: string) => GgufValue | undefined, headSize: number): void {
  const scaling = optional('rope.scaling.type');
  if (scaling !== undefined && scaling !== 'none') {
    throw new ModelError(
      'unsupported',
      `it scales its rotary positions ("${String(scaling)}"), which is not supported`,
    );
  }
  const oldScaling = optional('rope.scale_linear') ?? optional('rope.scaling.factor');
  if (oldScaling !== undefined && oldScaling !== 1 && oldScaling !== 0 && scaling !== 'none') {
    throw new ModelError('unsupported', 'it scales its rotary positions, which is not supported');
  }
  const rotated = optional('rope.dimension_count');
  if (rotated !== undefined && rotated !== headSize) {
    throw new ModelError(
      'unsupported',
      `it rotates ${String(rotated)} of ${headSize} dimensions, which is not supported`,
    );
  }
  const valueSize = optional('attention.value_length');
  if (valueSize !== undefined && valueSize !== headSize) {
    throw new ModelError('unsupported', 'its keys and values have different sizes, which is not supported');
  }
  const experts = optional('expert_count');
  if (experts !== undefined && experts !== 0) {
    throw new ModelError('unsupported', 'it is a mixture of experts, which is not supported');
  }
}

const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  qwen2: 'qwen2',
  'llama-bpe': 'llama-bpe',
  llama3: 'llama-bpe',
  'gpt-2': 'gpt-2',
  starcoder: 'starcoder',
  smollm: 'starcoder',
};

/** The vocabulary. Throws `ModelError` when it is not byte-level BPE with a known pre-tokenizer. */
export function readTokenizer(file: GgufFile, vocabulary: number): TokenizerSource {
  const { metadata } = file;
  const model = metadata.get('tokenizer.ggml.model');
  if (model !== 'gpt2') {
    const found = model === 'llama' ? 'a SentencePiece' : `the "${String(model).slice(0, 64)}"`;
    throw new ModelError('unsupported', `it has ${found} tokenizer; only byte-level BPE ("gpt2") is supported`);
  }
  const pre = metadata.get('tokenizer.ggml.pre') ?? 'gpt-2';
  const preTokenizer = PRE_TOKENIZERS[String(pre)];
  if (preTokenizer === undefined) {
    const known = Object.keys(PRE_TOKENIZERS).join(', ');
    throw new ModelError('unsupported', `it splits text by "${String(pre).slice(0, 64)}"; supported are ${known}`);
  }
  const tokens = textList(metadata.get('tokenizer.ggml.tokens'), 'tokens');
  const merges = textList(metadata.get('tokenizer.ggml.merges'), 'merges');
  const types = metadata.get('tokenizer.ggml.token_type');
  if (!(types instanceof Int32Array) || types.length !== tokens.length || tokens.length > vocabulary) {
    throw new ModelError('damaged', 'its token list, token types and embedding differ in length');
  }
  const ends = ['eos_token_id', 'eot_token_id', 'eom_token_id', 'bos_token_id', 'padding_token_id'];
  const endTokens = ends.map((key) => metadata.get(`tokenizer.ggml.${key}`));
  return {
    tokens,
    kinds: Array.from(types, tokenKind),
    merges,
    preTokenizer,
    endTokens: endTokens.filter((id): id is number => typeof id === 'number' && id >= 0 && id < tokens.length),
  };
}

/** Numbers of llama.h, `enum llama_token_type`; a byte-level vocabulary has no byte tokens (6). */
function tokenKind(type: number): TokenKind {
  switch (type) {
    case 2:
    case 3:
      return 'control';
    case 4:
      return 'added';
    case 5:
      return 'unused';
    default:
      return 'ordinary';
  }
}

function textList(value: GgufValue | undefined, name: string): readonly string[] {
  if (!Array.isArray(value) || typeof value[0] !== 'string') {
    throw new ModelError('damaged', `its tokenizer has no list of ${name}`);
  }
  return value as readonly string[];
}

function requiredNumber(file: GgufFile, key: string): number {
  const value = file.metadata.get(key);
  if (typeof value !== 'number') {
    throw new ModelError('damaged', `its header lacks "${key}"`);
  }
  return value;
}

/** The decimal that was meant: 1e-6 is stored as float32 and comes back as 9.999999974752427e-7. */
function roundedFloat(value: number): number {
  return Number(value.toPrecision(7));
}
