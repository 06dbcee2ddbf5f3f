/**
 * The safetensors file format (huggingface/safetensors, README "Format"): eight bytes of header length, a JSON header with
 * type, shape and byte range of each tensor, then the data.
 */

import { ModelError } from './modelError.ts';
import { HALF_VALUES } from './quantize/halfFloat.ts';

const TYPE_BYTES = { F32: 4, F16: 2, BF16: 2, I8: 1, I32: 4 } as const;
export type SafetensorsType = keyof typeof TYPE_BYTES;

export interface SafetensorsTensor {
  readonly type: SafetensorsType;
  /** Row-major. */
  readonly dimensions: readonly number[];
  /** Little-endian; a view of the file. */
  readonly bytes: Uint8Array;
}

/**
 * The tensors of a whole file by name.
 *
 * Throws `ModelError` when the file is not what the format allows; every range is inside the file and fits its shape.
 */
export function readSafetensors(file: Uint8Array): ReadonlyMap<string, SafetensorsTensor> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = file.byteLength < 8 ? Number.POSITIVE_INFINITY : Number(view.getBigUint64(0, true));
  if (headerBytes > file.byteLength - 8) {
    throw damaged('its header is longer than the file');
  }
  const data = file.subarray(8 + headerBytes);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, entry] of Object.entries(parseHeader(file.subarray(8, 8 + headerBytes)))) {
    if (name !== '__metadata__') {
      tensors.set(name, readTensor(name, entry, data));
    }
  }
  return tensors;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    throw damaged('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw damaged('its header is not a list of tensors');
  }
  return header as Record<string, unknown>;
}

function readTensor(name: string, entry: unknown, data: Uint8Array): SafetensorsTensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(TYPE_BYTES, dtype)) {
    const known = Object.keys(TYPE_BYTES).join(', ');
    throw new ModelError('unsupported', `its tensor "${name}" is stored as ${String(dtype)}; readable are ${known}`);
  }
  const type = dtype as SafetensorsType;
  if (!isWholeNumbers(shape) || !isWholeNumbers(offsets) || offsets.length !== 2) {
    throw damaged(`its tensor "${name}" has no shape or no range`);
  }
  const [start, end] = offsets as [number, number];
  const byteCount = shape.reduce((product, size) => product * size, TYPE_BYTES[type]);
  if (end > data.length || end - start !== byteCount) {
    throw damaged(`its tensor "${name}" has a range that does not fit its shape or the file`);
  }
  return { type, dimensions: shape, bytes: data.subarray(start, end) };
}

/** The values of a tensor as float32, in a new array. */
export function tensorValues({ type, bytes }: SafetensorsTensor): Float32Array {
  // Copied, because a view of the file need not be aligned.
  const { buffer } = Uint8Array.from(bytes);
  switch (type) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer), (bits) => HALF_VALUES[bits]!);
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case 'I8':
      return Float32Array.from(new Int8Array(buffer));
    case 'I32':
      return Float32Array.from(new Int32Array(buffer));
  }
}

function isWholeNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function damaged(sentence: string): ModelError {
  return new ModelError('damaged', sentence);
}
