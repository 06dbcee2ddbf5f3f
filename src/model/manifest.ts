/**
 * The manifest of a model package: what `manifest.json` in a package folder says (design: "A package is what the worker
 * loads"). Everything in a package is untrusted input, so the worker only acts on values that `parseManifest` let through.
 */

import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { HeadCalibration } from '../engine/draft/draftHead.ts';

/** Raised when the meaning of a field changes; older packages are rebuilt, never guessed at. */
export const PACKAGE_FORMAT_VERSION = 3;

export const ARCHITECTURES = ['llama', 'qwen2'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** Ids per row in the graph's `top_ids`: enough for small draft trees, free of cost in the graph. */
export const TOP_IDS = 8;

/**
 * How weights are stored; sizes and losses are in BENCHMARKS.md.
 * - `q8`: 8-bit, block 128, symmetric, head and embedding one shared table.
 * - `q4`: small download: attention and head 8-bit block 128, feed-forward 4-bit block 32 with zero points.
 * - `w8a8`: for processors: layers 8-bit per output, multiplied as integers by activations of 8 bits per row; head as in `q8`.
 * - `f32`: plain float32 matrices; for tests, numeric reference and adapters that need no quantised kernel.
 */
export const QUANTIZATIONS = ['q8', 'q4', 'w8a8', 'f32'] as const;
export type Quantization = (typeof QUANTIZATIONS)[number];

export interface ModelShape {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Positions the rotary tables cover; no prompt plus completion may be longer. */
  readonly contextLength: number;
  readonly ropeBase: number;
  readonly normEpsilon: number;
}

/** Token ids of the prompt's control tokens. Text of a user's file never becomes one of these. */
export interface FillInTheMiddleTokens {
  readonly prefix: number;
  readonly suffix: number;
  readonly middle: number;
  /** Tokens that end a completion: end of text, end of turn, file separator and the three above. */
  readonly stop: readonly number[];
  /** `<|repo_name|>` and `<|file_sep|>` of the repository format, where the model has them. */
  readonly repoName?: number;
  readonly fileSeparator?: number;
}

export interface PackageFile {
  /** A plain file name inside the package folder: no separators, no `..`. */
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export const HEAD_METHODS = ['medusa', 'mtp'] as const;
export type HeadMethod = (typeof HEAD_METHODS)[number];

/** Ids per place that a draft head's graph gives. */
export const HEAD_GUESSES = 4;

/** One set of draft heads; at most one per method. Inputs and outputs of the graphs: `onnx/headGraphs.ts`. */
export interface PackageHeads {
  readonly method: HeadMethod;
  readonly graph: PackageFile;
  /** Besides these the graph names weight files of the model: what both use is stored once. */
  readonly weights: readonly PackageFile[];
  /** Medusa: number of heads. MTP: calibrated depths. */
  readonly depth: number;
  /** MTP: rows that a row attends to at most, itself included. 0 for Medusa. */
  readonly window: number;
  readonly draftVocabularySize: number;
  readonly calibration: HeadCalibration;
  readonly licence: string;
  /** Identifies the head file, its description and the builder's version; another one means that heads are built anew. */
  readonly sourceSha256: string;
}

/** What usually follows a few tokens (format: `staticNgrams.ts`). */
export interface PackageNgrams {
  readonly file: PackageFile;
  readonly licence: string;
}

export interface ModelManifest {
  readonly formatVersion: typeof PACKAGE_FORMAT_VERSION;
  readonly id: string;
  readonly architecture: Architecture;
  readonly quantization: Quantization;
  readonly shape: ModelShape;
  /** Present when the model can fill in the middle; a package without it is refused for completion. */
  readonly fillInTheMiddle: FillInTheMiddleTokens;
  readonly files: {
    readonly graph: PackageFile;
    /** The vocabulary in the format of other programs; its hash tells vocabularies apart. */
    readonly tokenizer: PackageFile;
    /** The same, ready to be used (format: `vocabulary.ts`). */
    readonly vocabulary: PackageFile;
    /** External weight files that the graph names. */
    readonly weights: readonly PackageFile[];
  };
  /** Empty where no heads fit these weights; they change speed, never text. */
  readonly heads: readonly PackageHeads[];
  /** Absent where no table was counted for the model's tokenizer; as heads, it changes speed, never text. */
  readonly ngrams?: PackageNgrams;
  readonly licence: string;
  readonly provenance: {
    /** The file the weights were read from, as a name, never a path. */
    readonly source: string;
    readonly sourceSha256: string;
    readonly builder: string;
    /** Hash of the description of the adapter that was merged into the weights (`adapter.json`), or `none`. */
    readonly adapter: string;
  };
}

const MEBIBYTE = 1024 * 1024;
/** Bounds far above any model this engine can run; a header beyond them is damage or malice, not a model. */
const BOUNDS = {
  layers: [1, 256],
  hidden: [8, 65_536],
  heads: [1, 512],
  keyValueHeads: [1, 512],
  headSize: [4, 1024],
  feedForward: [8, 524_288],
  vocabulary: [16, 4_194_304],
  contextLength: [16, 4_194_304],
  ropeBase: [1, 1e12],
  normEpsilon: [1e-12, 1e-2],
} as const satisfies Record<keyof ModelShape, readonly [number, number]>;
const MAX_FILE_BYTES = 64 * 1024 * MEBIBYTE;
const MAX_HEAD_DEPTH = 16;
const MAX_HEAD_WINDOW = 4096;
const MAX_CALIBRATION_BINS = 64;

/**
 * Checks a parsed `manifest.json` field by field.
 *
 * Errors: one sentence that names the first field found wrong.
 */
export function parseManifest(value: unknown): Result<ModelManifest, string> {
  try {
    return ok(checkManifest(value));
  } catch (error) {
    if (error instanceof ManifestError) {
      return err(error.message);
    }
    throw error;
  }
}

/** True for a name that stays inside the package folder on every platform. */
export function isSafeFileName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name) && !name.includes('..');
}

class ManifestError extends Error {}

function checkManifest(value: unknown): ModelManifest {
  const root = asObject(value, 'manifest');
  if (root.formatVersion !== PACKAGE_FORMAT_VERSION) {
    throw new ManifestError(
      `formatVersion is ${String(root.formatVersion)}, this version reads ${PACKAGE_FORMAT_VERSION}; build the package again`,
    );
  }
  const shape = asShape(root.shape);
  const files = asObject(root.files, 'files');
  const weights = files.weights;
  if (!Array.isArray(weights) || weights.length > 1024) {
    throw new ManifestError('files.weights is not a list of files');
  }
  const provenance = asObject(root.provenance, 'provenance');
  const manifest: ModelManifest = {
    formatVersion: PACKAGE_FORMAT_VERSION,
    id: asString(root.id, 'id', /^[a-z0-9][a-z0-9._-]{0,63}$/),
    architecture: asOneOf(root.architecture, 'architecture', ARCHITECTURES),
    quantization: asOneOf(root.quantization, 'quantization', QUANTIZATIONS),
    shape,
    fillInTheMiddle: asFillInTheMiddle(root.fillInTheMiddle, shape.vocabulary),
    files: {
      graph: asFile(files.graph, 'files.graph'),
      tokenizer: asFile(files.tokenizer, 'files.tokenizer'),
      vocabulary: asFile(files.vocabulary, 'files.vocabulary'),
      weights: weights.map((file, index) => asFile(file, `files.weights[${index}]`)),
    },
    heads: asHeads(root.heads, shape),
    ...(root.ngrams === undefined ? {} : { ngrams: asNgrams(root.ngrams) }),
    licence: asString(root.licence, 'licence'),
    provenance: {
      source: asString(provenance.source, 'provenance.source'),
      sourceSha256: asString(provenance.sourceSha256, 'provenance.sourceSha256'),
      builder: asString(provenance.builder, 'provenance.builder'),
      // Packages from before there were adapters do not say.
      adapter: asString(provenance.adapter ?? 'none', 'provenance.adapter', /^(none|[0-9a-f]{64})$/),
    },
  };
  return manifest;
}

function asShape(value: unknown): ModelShape {
  const object = asObject(value, 'shape');
  const shape: Record<string, number> = {};
  for (const [key, [low, high]] of Object.entries(BOUNDS)) {
    const field = object[key];
    const isWhole = key === 'ropeBase' || key === 'normEpsilon' || Number.isInteger(field);
    if (typeof field !== 'number' || !isWhole || !(field >= low && field <= high)) {
      throw new ManifestError(`shape.${key} is ${String(field)}, expected a number from ${low} to ${high}`);
    }
    shape[key] = field;
  }
  const checked = shape as unknown as ModelShape;
  if (checked.heads % checked.keyValueHeads !== 0) {
    throw new ManifestError('shape.heads is not a multiple of shape.keyValueHeads');
  }
  return checked;
}

function asFillInTheMiddle(value: unknown, vocabulary: number): FillInTheMiddleTokens {
  if (value === undefined || value === null) {
    throw new ManifestError('the model has no fill-in-the-middle tokens, so it cannot complete code before other code');
  }
  const object = asObject(value, 'fillInTheMiddle');
  const id = (field: unknown, name: string): number => {
    if (typeof field !== 'number' || !Number.isInteger(field) || field < 0 || field >= vocabulary) {
      throw new ManifestError(`fillInTheMiddle.${name} is ${String(field)}, expected a token id below ${vocabulary}`);
    }
    return field;
  };
  if (!Array.isArray(object.stop) || object.stop.length > 64) {
    throw new ManifestError('fillInTheMiddle.stop is not a list of token ids');
  }
  return {
    prefix: id(object.prefix, 'prefix'),
    suffix: id(object.suffix, 'suffix'),
    middle: id(object.middle, 'middle'),
    stop: object.stop.map((token, index) => id(token, `stop[${index}]`)),
    ...(object.repoName === undefined ? {} : { repoName: id(object.repoName, 'repoName') }),
    ...(object.fileSeparator === undefined ? {} : { fileSeparator: id(object.fileSeparator, 'fileSeparator') }),
  };
}

function asHeads(value: unknown, shape: ModelShape): readonly PackageHeads[] {
  if (!Array.isArray(value) || value.length > HEAD_METHODS.length) {
    throw new ManifestError('heads is not a list of draft heads');
  }
  const heads = value.map((entry, index) => asHeadSet(entry, `heads[${index}]`, shape));
  if (new Set(heads.map(({ method }) => method)).size !== heads.length) {
    throw new ManifestError('heads has two sets of one method');
  }
  return heads;
}

function asHeadSet(value: unknown, name: string, shape: ModelShape): PackageHeads {
  const object = asObject(value, name);
  const method = asOneOf(object.method, `${name}.method`, HEAD_METHODS);
  if (!Array.isArray(object.weights) || object.weights.length > 16) {
    throw new ManifestError(`${name}.weights is not a list of files`);
  }
  const depth = asWhole(object.depth, `${name}.depth`, 1, MAX_HEAD_DEPTH);
  return {
    method,
    graph: asFile(object.graph, `${name}.graph`),
    weights: object.weights.map((file, index) => asFile(file, `${name}.weights[${index}]`)),
    depth,
    window: method === 'mtp' ? asWhole(object.window, `${name}.window`, 1, MAX_HEAD_WINDOW) : 0,
    draftVocabularySize: asWhole(
      object.draftVocabularySize,
      `${name}.draftVocabularySize`,
      HEAD_GUESSES,
      shape.vocabulary,
    ),
    calibration: asCalibration(object.calibration, `${name}.calibration`, depth),
    licence: asString(object.licence, `${name}.licence`),
    sourceSha256: asString(object.sourceSha256, `${name}.sourceSha256`, /^[0-9a-f]{64}$/),
  };
}

function asNgrams(value: unknown): PackageNgrams {
  const { file, licence } = asObject(value, 'ngrams');
  return { file: asFile(file, 'ngrams.file'), licence: asString(licence, 'ngrams.licence') };
}

function asCalibration(value: unknown, name: string, depth: number): HeadCalibration {
  const { probabilityBins, acceptance } = asObject(value, name);
  const isShare = (item: unknown): item is number => typeof item === 'number' && item >= 0 && item <= 1;
  const isShares = (list: unknown): list is readonly number[] => Array.isArray(list) && list.every(isShare);
  if (!isShares(probabilityBins) || probabilityBins.length > MAX_CALIBRATION_BINS || probabilityBins.at(-1) !== 1) {
    throw new ManifestError(`${name}.probabilityBins is not a list of bounds from 0 to 1 that ends with 1`);
  }
  if (probabilityBins.some((bound, bin) => bin > 0 && bound <= probabilityBins[bin - 1]!)) {
    throw new ManifestError(`${name}.probabilityBins is not ascending`);
  }
  const isRow = (row: unknown): row is readonly number[] => isShares(row) && row.length === probabilityBins.length;
  if (!Array.isArray(acceptance) || acceptance.length !== depth || !acceptance.every(isRow)) {
    throw new ManifestError(`${name}.acceptance is not ${depth} × ${probabilityBins.length} shares from 0 to 1`);
  }
  return { probabilityBins: [...probabilityBins], acceptance: acceptance.map((row) => [...row]) };
}

function asWhole(value: unknown, name: string, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw new ManifestError(`${name} is ${String(value)}, expected a whole number from ${low} to ${high}`);
  }
  return value;
}

function asFile(value: unknown, name: string): PackageFile {
  const object = asObject(value, name);
  const fileName = asString(object.name, `${name}.name`);
  if (!isSafeFileName(fileName)) {
    throw new ManifestError(`${name}.name is not a plain file name`);
  }
  const { bytes } = object;
  if (typeof bytes !== 'number' || !Number.isInteger(bytes) || bytes < 0 || bytes > MAX_FILE_BYTES) {
    throw new ManifestError(`${name}.bytes is ${String(bytes)}, expected a size below ${MAX_FILE_BYTES}`);
  }
  return { name: fileName, bytes, sha256: asString(object.sha256, `${name}.sha256`, /^[0-9a-f]{64}$/) };
}

function asObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ManifestError(`${name} is missing or not an object`);
  }
  return value as Record<string, unknown>;
}

function asString(value: unknown, name: string, pattern = /^[^\n]{0,4096}$/): string {
  if (typeof value !== 'string' || !pattern.test(value)) {
    throw new ManifestError(`${name} is missing or has an unexpected form`);
  }
  return value;
}

function asOneOf<T extends string>(value: unknown, name: string, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    throw new ManifestError(`${name} is ${String(value)}, expected one of ${choices.join(', ')}`);
  }
  return value as T;
}
