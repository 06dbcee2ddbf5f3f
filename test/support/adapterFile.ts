import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HalfTensor } from '../../src/model/adapter/readAdapter.ts';
import type { ModelShape } from '../../src/model/manifest.ts';
import { floatToHalfBits } from '../../src/model/quantize/halfFloat.ts';
import { createRandom } from './random.ts';

export type Tensors = ReadonlyMap<string, HalfTensor>;

/** Random matrices of an adapter for these layers of a model. */
export function randomAdapterTensors(shape: ModelShape, layers: readonly number[], rank: number): Tensors {
  const random = createRandom(rank);
  const matrix = (rows: number, columns: number): HalfTensor => ({
    rows,
    columns,
    bits: Uint16Array.from({ length: rows * columns }, () => floatToHalfBits(random() - 0.5)),
  });
  const queries = shape.heads * shape.headSize;
  const keys = shape.keyValueHeads * shape.headSize;
  const sizes: readonly (readonly [target: string, outputs: number, inputs: number])[] = [
    ['queryKeyValue', queries + 2 * keys, shape.hidden],
    ['attentionOutput', shape.hidden, queries],
    ['gateUp', 2 * shape.feedForward, shape.hidden],
    ['down', shape.hidden, shape.feedForward],
  ];
  return new Map(
    layers.flatMap((layer) =>
      sizes.flatMap(([target, outputs, inputs]) => [
        [`layers.${layer}.${target}.a`, matrix(rank, inputs)] as const,
        [`layers.${layer}.${target}.b`, matrix(outputs, rank)] as const,
      ]),
    ),
  );
}

/** A safetensors file; `header` changes what it says about each tensor. */
export function safetensorsBytes(
  tensors: Tensors,
  header: (name: string, entry: object) => object = (_, entry) => entry,
): Buffer {
  let offset = 0;
  const entries: Record<string, object> = {};
  for (const [name, { rows, columns, bits }] of tensors) {
    const end = offset + bits.byteLength;
    entries[name] = header(name, { dtype: 'F16', shape: [rows, columns], data_offsets: [offset, end] });
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const data = [...tensors.values()].map(({ bits }) => Buffer.from(bits.buffer, bits.byteOffset, bits.byteLength));
  return Buffer.concat([length, text, ...data]);
}

/** Writes an adapter folder as train/adapter/export.py does; `changes` replace fields of its description. */
export function writeAdapterFolder(
  directory: string,
  weights: Uint8Array,
  description: { readonly baseSha256: string; readonly layers: readonly number[]; readonly rank: number },
  changes: object = {},
): void {
  const { baseSha256, layers, rank } = description;
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'adapter.safetensors'), weights);
  const sha256 = createHash('sha256').update(weights).digest('hex');
  const value = {
    formatVersion: 1,
    base: { name: 'tiny.gguf', sha256: baseSha256 },
    rank,
    scale: 2,
    layers,
    weights: { name: 'adapter.safetensors', bytes: weights.length, sha256 },
    licence: 'MIT',
    ...changes,
  };
  writeFileSync(path.join(directory, 'adapter.json'), JSON.stringify(value));
}
