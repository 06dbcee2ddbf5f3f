/**
 * A fill-in-the-middle adapter on disk: `adapter.json` says what it belongs to, `adapter.safetensors` holds its matrices
 * (train/adapter/export.py writes both). Both files are untrusted input: nothing is used that was not checked.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import { isSafeFileName } from '../manifest.ts';
import { ModelError } from '../modelError.ts';
import type { SafetensorsTensor } from '../safetensors.ts';
import { readSafetensors } from '../safetensors.ts';

/** What `adapter.json` says, checked. */
export interface AdapterDescription {
  readonly directory: string;
  /** Name and hash of the weight file that it was trained on; to any other it is noise. */
  readonly base: { readonly name: string; readonly sha256: string };
  readonly rank: number;
  /** Factor on B·A. */
  readonly scale: number;
  /** Layers with adapters, ascending. */
  readonly layers: readonly number[];
  readonly weights: { readonly name: string; readonly bytes: number; readonly sha256: string };
  /** SHA-256 of `adapter.json`, which names the hash of the weights: identifies the adapter in a package's provenance. */
  readonly sha256: string;
}

export interface Adapter extends AdapterDescription {
  /** `layers.<n>.<target>.a` (rank, inputs) and `.b` (outputs, rank). */
  readonly tensors: ReadonlyMap<string, HalfTensor>;
}

/** A matrix in half precision, row-major. */
export interface HalfTensor {
  readonly rows: number;
  readonly columns: number;
  readonly bits: Uint16Array;
}

const FORMAT_VERSION = 1;
const MAX_DESCRIPTION_BYTES = 64 * 1024;
/** An adapter is a small part of a model; ours has about 10 MB. */
const MAX_WEIGHT_BYTES = 256 * 1024 * 1024;
const MAX_RANK = 512;
const MAX_LAYERS = 256;

/** Reads and checks `adapter.json`; takes a millisecond. Errors: one sentence without a full stop. */
export async function readAdapterDescription(directory: string): Promise<Result<AdapterDescription, string>> {
  const file = path.join(directory, 'adapter.json');
  try {
    const { size } = await stat(file);
    if (size > MAX_DESCRIPTION_BYTES) {
      return err(`${file} has ${size} bytes, which no adapter's description has`);
    }
    const text = await readFile(file);
    const sha256 = createHash('sha256').update(text).digest('hex');
    return ok({ directory, sha256, ...checkDescription(JSON.parse(text.toString('utf8'))) });
  } catch (error) {
    if (error instanceof AdapterError) {
      return err(`${file} cannot be used: ${error.message}`);
    }
    return err(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Reads a whole adapter and checks its hash. Errors: one sentence without a full stop. */
export async function readAdapter(directory: string): Promise<Result<Adapter, string>> {
  const description = await readAdapterDescription(directory);
  if (!description.ok) {
    return description;
  }
  const { weights } = description.value;
  const file = path.join(directory, weights.name);
  let bytes: Buffer;
  try {
    const { size } = await stat(file);
    if (size !== weights.bytes) {
      return err(`${file} has ${size} bytes, its description says ${weights.bytes}`);
    }
    bytes = await readFile(file);
  } catch (error) {
    return err(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (createHash('sha256').update(bytes).digest('hex') !== weights.sha256) {
    return err(`${file} is damaged: its SHA-256 is not the one in its description`);
  }
  try {
    const tensors = [...readSafetensors(bytes)].map(([name, tensor]) => [name, asHalfTensor(name, tensor)] as const);
    return ok({ ...description.value, tensors: new Map(tensors) });
  } catch (error) {
    if (error instanceof AdapterError || error instanceof ModelError) {
      return err(`${file} cannot be used: ${error.message}`);
    }
    throw error;
  }
}

class AdapterError extends Error {}

function checkDescription(value: unknown): Omit<AdapterDescription, 'directory' | 'sha256'> {
  const root = asObject(value, 'the adapter');
  if (root.formatVersion !== FORMAT_VERSION) {
    throw new AdapterError(
      `its format version is ${String(root.formatVersion)}, this version of Foretoken reads ${FORMAT_VERSION}`,
    );
  }
  const base = asObject(root.base, 'base');
  const weights = asObject(root.weights, 'weights');
  const { name } = weights;
  if (typeof name !== 'string' || !isSafeFileName(name)) {
    throw new AdapterError('weights.name is not a plain file name');
  }
  if (typeof base.name !== 'string' || !isSafeFileName(base.name)) {
    throw new AdapterError('base.name is not a plain file name');
  }
  if (typeof root.scale !== 'number' || !(Math.abs(root.scale) <= 1000)) {
    throw new AdapterError(`scale is ${String(root.scale)}, expected a number up to 1000`);
  }
  if (!Array.isArray(root.layers) || root.layers.length === 0 || root.layers.length > MAX_LAYERS) {
    throw new AdapterError('layers is not a list of layers');
  }
  const layers = root.layers.map((layer, index) => asWhole(layer, `layers[${index}]`, 0, MAX_LAYERS));
  if (layers.some((layer, index) => index > 0 && layer <= layers[index - 1]!)) {
    throw new AdapterError('layers is not ascending');
  }
  return {
    base: { name: base.name, sha256: asHash(base.sha256, 'base.sha256') },
    rank: asWhole(root.rank, 'rank', 1, MAX_RANK),
    scale: root.scale,
    layers,
    weights: {
      name,
      bytes: asWhole(weights.bytes, 'weights.bytes', 1, MAX_WEIGHT_BYTES),
      sha256: asHash(weights.sha256, 'weights.sha256'),
    },
  };
}

function asHalfTensor(name: string, { type, dimensions, bytes }: SafetensorsTensor): HalfTensor {
  const [rows, columns] = dimensions;
  if (type !== 'F16' || dimensions.length !== 2 || !rows || !columns) {
    throw new AdapterError(`its tensor "${name.slice(0, 64)}" is not a matrix of F16`);
  }
  // Copied, because a view of the file need not be aligned.
  const bits = new Uint16Array(Uint8Array.from(bytes).buffer);
  // Exponent 31 is an infinity or no number at all.
  if (bits.some((half) => (half & 0x7c00) === 0x7c00)) {
    throw new AdapterError(`its tensor "${name.slice(0, 64)}" holds a value that is no number`);
  }
  return { rows, columns, bits };
}

function asObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AdapterError(`${name} is missing or not an object`);
  }
  return value as Record<string, unknown>;
}

function asWhole(value: unknown, name: string, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw new AdapterError(`${name} is ${String(value)}, expected a whole number from ${low} to ${high}`);
  }
  return value;
}

function asHash(value: unknown, name: string): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) {
    throw new AdapterError(`${name} is not a SHA-256`);
  }
  return value;
}
