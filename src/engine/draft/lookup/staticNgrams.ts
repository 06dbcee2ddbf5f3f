/**
 * A table of what usually follows a few tokens, counted beforehand over much code: it knows what no open text shows.
 *
 * `ngrams.bin`, little-endian: the bytes `FTNG`, then five 32-bit numbers: format version 1, vocabulary size, bucket bits `b`,
 * entries `n`, most tokens of a context. Then `2^b + 1` 32-bit numbers: where each bucket's entries begin, and `n`. Then `n`
 * 32-bit numbers: next token (18 bits) and the low 14 bits of the check value above it. Then `n` bytes: probability (5 bits: 32
 * equal steps) and the high 3 bits of the check value above it.
 *
 * Contexts are not stored, only hashed to a bucket and a check value of 17 bits: with about eight entries a bucket, one unknown
 * context in 16,000 is taken for another, which costs a wrong guess.
 */
import type { Result } from '../../../base/result.ts';
import { err, ok } from '../../../base/result.ts';

export const NGRAMS_MAGIC = 'FTNG';
export const NGRAMS_VERSION = 1;
export const NGRAMS_HEADER_BYTES = 24;
/** Longest context that the format can tell apart in a bucket of `lookupBuckets.ts`. */
export const MAX_CONTEXT_TOKENS = 4;
export const TOKEN_BITS = 18;
export const PROBABILITY_STEPS = 32;
const LOW_CHECK_BITS = 32 - TOKEN_BITS;
const MAX_BUCKET_BITS = 24;

export interface NgramGuess {
  readonly token: number;
  /** Share of the places with this context in the counted text at which the token followed, to within 1/64. */
  readonly probability: number;
  /** Tokens of the context. */
  readonly length: number;
}

/** Hash of a context, taken from its last token backwards, so that a longer one continues a shorter one's. */
export interface ContextHash {
  readonly place: number;
  readonly check: number;
}

export const EMPTY_CONTEXT: ContextHash = { place: 0x2545f491, check: 0x6a09e667 };

/** The hash of a context with one more token before it. */
export function extendContext({ place, check }: ContextHash, token: number): ContextHash {
  const mixed = Math.imul(place ^ token, 0x9e3779b1);
  const other = Math.imul(check ^ (token + 0x3c6ef372), 0x85ebca6b);
  return { place: Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d), check: Math.imul(other ^ (other >>> 13), 0xc2b2ae35) };
}

export function bucketOf({ place }: ContextHash, bucketBits: number): number {
  return bucketBits === 0 ? 0 : ((place ^ (place >>> 16)) >>> 0) >>> (32 - bucketBits);
}

/** 17 bits. */
export function checkOf({ check }: ContextHash): number {
  return (check ^ (check >>> 16)) >>> 15;
}

export class StaticNgrams {
  private readonly bucketBits: number;
  private readonly longest: number;
  private readonly starts: Uint32Array;
  private readonly words: Uint32Array;
  private readonly tags: Uint8Array;

  private constructor(bucketBits: number, longest: number, starts: Uint32Array, words: Uint32Array, tags: Uint8Array) {
    this.bucketBits = bucketBits;
    this.longest = longest;
    this.starts = starts;
    this.words = words;
    this.tags = tags;
  }

  /**
   * Reads a table that must be for this vocabulary; nothing of it is used unchecked.
   *
   * Errors: one sentence that says what is wrong with it.
   */
  static read(bytes: Uint8Array, vocabularySize: number): Result<StaticNgrams, string> {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < NGRAMS_HEADER_BYTES || String.fromCharCode(...bytes.subarray(0, 4)) !== NGRAMS_MAGIC) {
      return err('it is not a table of n-grams');
    }
    const [version, vocabulary, bucketBits, entries, longest] = [4, 8, 12, 16, 20].map((at) =>
      view.getUint32(at, true),
    ) as [number, number, number, number, number];
    if (version !== NGRAMS_VERSION) {
      return err(`its format version is ${version}, this version reads ${NGRAMS_VERSION}`);
    }
    if (vocabulary !== vocabularySize) {
      return err(`it is for a vocabulary of ${vocabulary} tokens, the model has ${vocabularySize}`);
    }
    if (bucketBits > MAX_BUCKET_BITS || longest < 1 || longest > MAX_CONTEXT_TOKENS) {
      return err(`its header is damaged (${bucketBits} bucket bits, contexts of ${longest} tokens)`);
    }
    const wordsAt = NGRAMS_HEADER_BYTES + 4 * (2 ** bucketBits + 1);
    if (bytes.length !== wordsAt + 5 * entries) {
      return err(`it has ${bytes.length} bytes, its header says ${wordsAt + 5 * entries}`);
    }
    const starts = readWords(view, NGRAMS_HEADER_BYTES, 2 ** bucketBits + 1);
    const words = readWords(view, wordsAt, entries);
    if (starts[0] !== 0 || starts.at(-1) !== entries || starts.some((start, at) => at > 0 && start < starts[at - 1]!)) {
      return err('its buckets are damaged');
    }
    if (words.some((word) => tokenOf(word) >= vocabularySize)) {
      return err('it has a token that is not in the vocabulary');
    }
    return ok(new StaticNgrams(bucketBits, longest, starts, words, bytes.slice(wordsAt + 4 * entries)));
  }

  /** What usually follows a text, by the longest end of it that the table knows; about a microsecond. */
  next(tail: readonly number[]): NgramGuess | undefined {
    let hash = EMPTY_CONTEXT;
    let best: NgramGuess | undefined;
    for (let length = 1; length <= Math.min(this.longest, tail.length); length++) {
      hash = extendContext(hash, tail[tail.length - length]!);
      const entry = this.find(hash);
      if (entry !== -1) {
        const step = this.tags[entry]! % PROBABILITY_STEPS;
        best = { token: tokenOf(this.words[entry]!), probability: (step + 0.5) / PROBABILITY_STEPS, length };
      }
    }
    return best;
  }

  private find(hash: ContextHash): number {
    const bucket = bucketOf(hash, this.bucketBits);
    const check = checkOf(hash);
    for (let entry = this.starts[bucket]!; entry < this.starts[bucket + 1]!; entry++) {
      const high = Math.floor(this.tags[entry]! / PROBABILITY_STEPS);
      if (((high << LOW_CHECK_BITS) | (this.words[entry]! >>> TOKEN_BITS)) === check) {
        return entry;
      }
    }
    return -1;
  }
}

function tokenOf(word: number): number {
  return word & (2 ** TOKEN_BITS - 1);
}

function readWords(view: DataView, at: number, count: number): Uint32Array {
  const words = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    words[index] = view.getUint32(at + 4 * index, true);
  }
  return words;
}
