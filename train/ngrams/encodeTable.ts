import type { ContextHash } from '../../src/engine/draft/lookup/staticNgrams.ts';
import {
  bucketOf,
  checkOf,
  NGRAMS_HEADER_BYTES,
  NGRAMS_MAGIC,
  NGRAMS_VERSION,
  PROBABILITY_STEPS,
  TOKEN_BITS,
} from '../../src/engine/draft/lookup/staticNgrams.ts';

export interface NgramEntry {
  readonly context: ContextHash;
  readonly token: number;
  /** 0–1. */
  readonly probability: number;
}

const ENTRIES_PER_BUCKET = 8;

/** Bytes of a table with so many entries. */
export function tableBytes(entries: number): number {
  return NGRAMS_HEADER_BYTES + 4 * (2 ** bucketBitsFor(entries) + 1) + 5 * entries;
}

/**
 * The file of a table (format: `staticNgrams.ts`). Of entries whose contexts cannot be told apart the first is kept, so the
 * weightiest should come first.
 */
export function encodeTable(
  entries: readonly NgramEntry[],
  vocabularySize: number,
  longestContext: number,
): Uint8Array {
  if (vocabularySize > 2 ** TOKEN_BITS) {
    throw new Error(`the table's format holds ${2 ** TOKEN_BITS} tokens, the vocabulary has ${vocabularySize}`);
  }
  const bucketBits = bucketBitsFor(entries.length);
  const buckets = Array.from({ length: 2 ** bucketBits }, () => new Map<number, NgramEntry>());
  for (const entry of entries) {
    const bucket = buckets[bucketOf(entry.context, bucketBits)]!;
    const check = checkOf(entry.context);
    if (!bucket.has(check)) {
      bucket.set(check, entry);
    }
  }
  const count = buckets.reduce((sum, bucket) => sum + bucket.size, 0);
  const startsAt = NGRAMS_HEADER_BYTES;
  const wordsAt = startsAt + 4 * (buckets.length + 1);
  const bytes = new Uint8Array(wordsAt + 5 * count);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(NGRAMS_MAGIC));
  [NGRAMS_VERSION, vocabularySize, bucketBits, count, longestContext].forEach((value, index) => {
    view.setUint32(4 + 4 * index, value, true);
  });
  let at = 0;
  for (const [index, bucket] of buckets.entries()) {
    view.setUint32(startsAt + 4 * index, at, true);
    for (const [check, { token, probability }] of [...bucket].sort(([left], [right]) => left - right)) {
      const lowCheck = check % 2 ** (32 - TOKEN_BITS);
      const step = Math.min(PROBABILITY_STEPS - 1, Math.floor(probability * PROBABILITY_STEPS));
      view.setUint32(wordsAt + 4 * at, token + lowCheck * 2 ** TOKEN_BITS, true);
      bytes[wordsAt + 4 * count + at] = step + PROBABILITY_STEPS * Math.floor(check / 2 ** (32 - TOKEN_BITS));
      at++;
    }
  }
  view.setUint32(startsAt + 4 * buckets.length, at, true);
  return bytes;
}

function bucketBitsFor(entries: number): number {
  return Math.max(0, Math.ceil(Math.log2(Math.max(1, entries) / ENTRIES_PER_BUCKET)));
}
