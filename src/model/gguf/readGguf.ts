/**
 * The header of a GGUF file: metadata and tensor table (specification: ggml repository, docs/gguf.md; versions 2 and 3,
 * little-endian).
 *
 * Written here because `@huggingface/gguf` 0.4.6, the obvious dependency, does not notice a header that is cut short (it
 * reads the missing part as zeros and reports tensors with empty names), stops at 50 MB of header and takes about a
 * second for a vocabulary of 152k tokens.
 */

import { closeSync, fstatSync, openSync } from 'node:fs';
import { describeSystemError } from '../../base/describeSystemError.ts';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import { ModelError } from '../modelError.ts';
import { ggmlType } from './ggmlTypes.ts';
import { HeaderCursor } from './headerCursor.ts';

export type GgufValue = number | boolean | string | readonly string[] | readonly boolean[] | NumberArray;
type NumberArray = Float32Array | Float64Array | Int32Array;

export interface GgufTensor {
  readonly name: string;
  /** Number of the GGML type; `ggmlTypes.ts` names it. */
  readonly typeId: number;
  /** Fastest-varying first: a matrix is `[columns, rows]`. */
  readonly dimensions: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  /** Zero for a type whose size this reader does not know. */
  readonly bytes: number;
}

export interface GgufFile {
  readonly path: string;
  readonly bytes: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Bounds far above any real file; what lies beyond is damage or malice and is refused before memory is taken for it. */
const MAX_KEYS = 65_536;
const MAX_TENSORS = 65_536;
const MAX_STRING_BYTES = 16 * 1024 * 1024;
const MAX_ARRAY_ELEMENTS = 8 * 1024 * 1024;
const MAX_DIMENSIONS = 4;
const MAX_TENSOR_ELEMENTS = 2 ** 40;
const MAX_ALIGNMENT = 1024 * 1024;

/**
 * Reads header and tensor table and checks that every tensor lies inside the file; no weights are read.
 *
 * Errors: one sentence that says what is wrong with the file.
 */
export function readGguf(path: string): Result<GgufFile, string> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) {
      return err(`${path} is not a file`);
    }
    return ok(parseHeader(path, new HeaderCursor(descriptor, stat.size), stat.size));
  } catch (error) {
    if (error instanceof ModelError) {
      return err(`${path} cannot be used: ${error.message}`);
    }
    return err(`${path} cannot be read: ${describeSystemError(error)}`);
  } finally {
    if (descriptor !== undefined) {
      closeSync(descriptor);
    }
  }
}

function parseHeader(path: string, cursor: HeaderCursor, fileBytes: number): GgufFile {
  if (fileBytes < 4 || cursor.text(4) !== 'GGUF') {
    throw damaged('it is not a GGUF file');
  }
  checkVersion(cursor.uint32());
  const tensorCount = boundedCount(cursor.uint64(), MAX_TENSORS, 'tensors');
  const keyCount = boundedCount(cursor.uint64(), MAX_KEYS, 'metadata keys');

  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < keyCount; index++) {
    const key = readString(cursor);
    if (metadata.has(key)) {
      throw damaged(`the metadata key "${key}" appears twice`);
    }
    metadata.set(key, readValue(cursor, cursor.uint32(), key));
  }

  const relative: GgufTensor[] = [];
  for (let index = 0; index < tensorCount; index++) {
    relative.push(readTensorInfo(cursor));
  }
  const dataStart = alignUp(cursor.position, alignmentOf(metadata));
  return { path, bytes: fileBytes, metadata, tensors: placeTensors(relative, dataStart, fileBytes) };
}

function checkVersion(version: number): void {
  if (version === 2 || version === 3) {
    return;
  }
  // A big-endian file shows its small version number in the upper half.
  if (version > 0xffff) {
    throw new ModelError('unsupported', 'it is a big-endian GGUF file; only little-endian files can be read');
  }
  throw new ModelError('unsupported', `it is GGUF version ${version}; versions 2 and 3 can be read`);
}

const SCALAR_READERS: ReadonlyMap<number, { readonly bytes: number; read(cursor: HeaderCursor): number | boolean }> =
  new Map([
    [0, { bytes: 1, read: (cursor) => cursor.uint8() }],
    [1, { bytes: 1, read: (cursor) => (cursor.uint8() << 24) >> 24 }],
    [2, { bytes: 2, read: (cursor) => cursor.uint8() | (cursor.uint8() << 8) }],
    [3, { bytes: 2, read: (cursor) => ((cursor.uint8() | (cursor.uint8() << 8)) << 16) >> 16 }],
    [4, { bytes: 4, read: (cursor) => cursor.uint32() }],
    [5, { bytes: 4, read: (cursor) => cursor.uint32() | 0 }],
    [6, { bytes: 4, read: (cursor) => cursor.float32() }],
    [7, { bytes: 1, read: (cursor) => cursor.uint8() !== 0 }],
    [10, { bytes: 8, read: (cursor) => cursor.uint64() }],
    [11, { bytes: 8, read: (cursor) => cursor.int64() }],
    [12, { bytes: 8, read: (cursor) => cursor.float64() }],
  ]);
const STRING_TYPE = 8;
const ARRAY_TYPE = 9;
const INT32_TYPE = 5;
const FLOAT32_TYPE = 6;
const BOOLEAN_TYPE = 7;

function readValue(cursor: HeaderCursor, type: number, key: string): GgufValue {
  if (type === STRING_TYPE) {
    return readString(cursor);
  }
  if (type === ARRAY_TYPE) {
    return readArray(cursor, key);
  }
  const scalar = SCALAR_READERS.get(type);
  if (scalar === undefined) {
    throw damaged(`the metadata key "${key}" has the unknown type ${type}`);
  }
  return scalar.read(cursor);
}

function readArray(cursor: HeaderCursor, key: string): GgufValue {
  const elementType = cursor.uint32();
  const count = cursor.uint64();
  const scalar = SCALAR_READERS.get(elementType);
  if (scalar === undefined && elementType !== STRING_TYPE) {
    throw damaged(`the metadata key "${key}" is a list of elements of the unknown type ${elementType}`);
  }
  // Each string has at least its 8-byte length, so a count that cannot fit is refused before anything is allocated.
  const leastBytes = scalar?.bytes ?? 8;
  if (count > MAX_ARRAY_ELEMENTS || count * leastBytes > cursor.remainingBytes) {
    throw damaged(
      `the metadata key "${key}" announces ${count} elements, more than the file can hold: it is cut short or damaged; download it again`,
    );
  }
  if (scalar === undefined) {
    return Array.from({ length: count }, () => readString(cursor));
  }
  if (elementType === INT32_TYPE) {
    return new Int32Array(cursor.bytes(count * 4).buffer);
  }
  if (elementType === FLOAT32_TYPE) {
    return new Float32Array(cursor.bytes(count * 4).buffer);
  }
  if (elementType === BOOLEAN_TYPE) {
    return Array.from({ length: count }, () => cursor.uint8() !== 0);
  }
  return Float64Array.from({ length: count }, () => Number(scalar.read(cursor)));
}

function readString(cursor: HeaderCursor): string {
  const byteCount = cursor.uint64();
  if (byteCount > MAX_STRING_BYTES) {
    throw damaged(`its header announces a text of ${byteCount} bytes`);
  }
  return cursor.text(byteCount);
}

/** One entry of the table; `offset` is still relative to the data section. */
function readTensorInfo(cursor: HeaderCursor): GgufTensor {
  const name = readString(cursor);
  const dimensionCount = cursor.uint32();
  if (dimensionCount < 1 || dimensionCount > MAX_DIMENSIONS) {
    throw damaged(`the tensor "${name}" has ${dimensionCount} dimensions`);
  }
  const dimensions = Array.from({ length: dimensionCount }, () => cursor.uint64());
  const elements = dimensions.reduce((product, dimension) => product * dimension, 1);
  if (!(elements >= 1 && elements <= MAX_TENSOR_ELEMENTS)) {
    throw damaged(`the tensor "${name}" has the impossible shape ${dimensions.join(' × ')}`);
  }
  const typeId = cursor.uint32();
  const offset = cursor.uint64();
  const type = ggmlType(typeId);
  if (type !== undefined && dimensions[0]! % type.blockElements !== 0) {
    throw damaged(`the rows of the tensor "${name}" are not whole ${type.name} blocks`);
  }
  const bytes = type === undefined ? 0 : (elements / type.blockElements) * type.blockBytes;
  return { name, typeId, dimensions, offset, bytes };
}

function placeTensors(
  relative: readonly GgufTensor[],
  dataStart: number,
  fileBytes: number,
): ReadonlyMap<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  let endOfData = dataStart;
  for (const tensor of relative) {
    if (tensors.has(tensor.name)) {
      throw damaged(`the tensor "${tensor.name}" appears twice`);
    }
    const offset = dataStart + tensor.offset;
    if (!Number.isSafeInteger(offset + tensor.bytes)) {
      throw damaged(`the tensor "${tensor.name}" lies at an impossible place`);
    }
    tensors.set(tensor.name, { ...tensor, offset });
    endOfData = Math.max(endOfData, offset + tensor.bytes);
  }
  if (endOfData > fileBytes) {
    throw damaged(`the file is cut short: expected ${endOfData} bytes, has ${fileBytes}; download it again`);
  }
  return tensors;
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 1 || alignment > MAX_ALIGNMENT) {
    throw damaged(`its alignment is ${String(alignment)}`);
  }
  return alignment;
}

function alignUp(position: number, alignment: number): number {
  return Math.ceil(position / alignment) * alignment;
}

function boundedCount(count: number, bound: number, what: string): number {
  if (count > bound) {
    throw damaged(`its header announces ${count} ${what}, which no real model has`);
  }
  return count;
}

function damaged(sentence: string): ModelError {
  return new ModelError('damaged', sentence);
}
