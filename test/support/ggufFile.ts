/** Writes small GGUF files for tests: any header, sound or hostile (format: ggml repository, docs/gguf.md). */

type ScalarType = 'uint32' | 'float32' | 'uint64';

/** A metadata value in the types that the tests need. */
export type GgufField =
  | { readonly type: ScalarType; readonly value: number }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'texts'; readonly value: readonly string[] }
  | { readonly type: 'int32s'; readonly value: readonly number[] }
  /** A list that announces `count` elements of the numbered type and then has none. */
  | { readonly type: 'emptyList'; readonly elementType: number; readonly count: number };

export interface GgufTensorSpec {
  readonly name: string;
  /** Fastest-varying first. */
  readonly dimensions: readonly number[];
  readonly typeId: number;
  readonly data: Uint8Array;
  /** Defaults to the next aligned place. */
  readonly offset?: number;
}

export interface GgufSpec {
  readonly magic?: string;
  readonly version?: number;
  readonly keyCount?: number;
  readonly tensorCount?: number;
  readonly fields?: Readonly<Record<string, GgufField>>;
  readonly tensors?: readonly GgufTensorSpec[];
}

const ALIGNMENT = 32;

export function ggufBytes({ magic = 'GGUF', version = 3, fields = {}, tensors = [], ...counts }: GgufSpec): Buffer {
  const keys = Object.entries(fields);
  const parts = [Buffer.from(magic), uint32(version)];
  parts.push(uint64(counts.tensorCount ?? tensors.length), uint64(counts.keyCount ?? keys.length));
  for (const [key, field] of keys) {
    parts.push(text(key), fieldBytes(field));
  }
  let nextOffset = 0;
  const data: Buffer[] = [];
  for (const tensor of tensors) {
    parts.push(text(tensor.name), uint32(tensor.dimensions.length), ...tensor.dimensions.map(uint64));
    parts.push(uint32(tensor.typeId), uint64(tensor.offset ?? nextOffset));
    const padded = Buffer.alloc(aligned(tensor.data.length));
    padded.set(tensor.data);
    data.push(padded);
    nextOffset += padded.length;
  }
  const header = Buffer.concat(parts);
  return Buffer.concat([header, Buffer.alloc(aligned(header.length) - header.length), ...data]);
}

function fieldBytes(field: GgufField): Buffer {
  switch (field.type) {
    case 'uint32':
      return Buffer.concat([uint32(4), uint32(field.value)]);
    case 'float32':
      return Buffer.concat([uint32(6), Buffer.from(Float32Array.of(field.value).buffer)]);
    case 'uint64':
      return Buffer.concat([uint32(10), uint64(field.value)]);
    case 'text':
      return Buffer.concat([uint32(8), text(field.value)]);
    case 'texts':
      return Buffer.concat([uint32(9), uint32(8), uint64(field.value.length), ...field.value.map(text)]);
    case 'int32s':
      return Buffer.concat([
        uint32(9),
        uint32(5),
        uint64(field.value.length),
        Buffer.from(Int32Array.from(field.value).buffer),
      ]);
    case 'emptyList':
      return Buffer.concat([uint32(9), uint32(field.elementType), uint64(field.count)]);
  }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
