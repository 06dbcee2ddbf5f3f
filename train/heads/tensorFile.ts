import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { floatToHalfBits } from '../../src/model/quantize/halfFloat.ts';

export interface Tensor {
  readonly type: 'F32' | 'F16' | 'I32';
  readonly dimensions: readonly number[];
  /** Pieces of the data, in order. */
  readonly parts: readonly Uint8Array[];
}

/**
 * Writes a safetensors file (huggingface/safetensors, README "Format"). It takes its name only when it is whole, so a kill
 * leaves no half file.
 */
export function writeTensorFile(
  file: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { type, dimensions, parts }] of Object.entries(tensors)) {
    const start = end;
    end += parts.reduce((sum, part) => sum + part.byteLength, 0);
    header[name] = { dtype: type, shape: dimensions, data_offsets: [start, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(headerBytes);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerBytes.length));
  const partial = `${file}.partial`;
  const handle = openSync(partial, 'w');
  try {
    for (const part of [length, headerBytes, ...Object.values(tensors).flatMap(({ parts }) => parts)]) {
      for (let written = 0; written < part.byteLength; ) {
        written += writeSync(handle, part, written);
      }
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(partial, file);
}

export function floatTensor(dimensions: readonly number[], values: Float32Array): Tensor {
  return { type: 'F32', dimensions, parts: [bytesOf(values)] };
}

/** `pieces` hold the values in order. */
export function halfTensor(dimensions: readonly number[], pieces: readonly Float32Array[]): Tensor {
  const parts = pieces.map((values) => bytesOf(Uint16Array.from(values, floatToHalfBits)));
  return { type: 'F16', dimensions, parts };
}

export function integerTensor(dimensions: readonly number[], values: readonly number[]): Tensor {
  return { type: 'I32', dimensions, parts: [bytesOf(Int32Array.from(values))] };
}

/** Little-endian, as every machine that this runs on. */
function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
