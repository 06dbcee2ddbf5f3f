import { createHash } from 'node:crypto';
import type { CatalogueEntry, WeightSource } from '../../src/model/catalogue.ts';

/** Bytes that do not compress and are the same in every run (a linear congruential sequence). */
export function testBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** A catalogue entry for a file of exactly these bytes. */
export function testEntry(bytes: Uint8Array, sources: readonly WeightSource[] = []): CatalogueEntry {
  return {
    id: 'tiny',
    title: 'Tiny model',
    licence: 'Apache-2.0',
    file: { name: 'tiny.gguf', bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
    sources,
  };
}
