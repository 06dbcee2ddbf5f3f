/** Hashes of the runs of 13 words in a text: the measure for copies, within the corpus and between its halves. */

export const GRAM_WORDS = 13;

const WORD = /[\p{L}\p{N}_]+/gu;

/** Comment at the head of a file: licence notices are shared by files that have nothing else in common. */
const HEAD_COMMENT = /^\s*(#![^\n]*\n\s*)?(\/\*[\s\S]*?\*\/\s*|<!--[\s\S]*?-->\s*|((\/\/|#|--)[^\n]*\n\s*)+)+/;

const FIRST_BASE = 0x01000193;
const SECOND_BASE = 0x5bd1e995;
const FIRST_OUT = power(FIRST_BASE, GRAM_WORDS);
const SECOND_OUT = power(SECOND_BASE, GRAM_WORDS);
const HIGH_BITS = 0x1fffff;

/**
 * The distinct 13-grams of a text's words, as 53-bit hashes; case and punctuation do not count, nor does a comment at
 * the head of the file. A text of fewer than 13 words has none.
 *
 * Two rolling polynomial hashes modulo 2^32 are joined: one alone would meet by chance among millions.
 */
export function hashNGrams(text: string): ReadonlySet<number> {
  const words = text.replace(HEAD_COMMENT, '').match(WORD) ?? [];
  const hashes = new Int32Array(words.length);
  const grams = new Set<number>();
  let first = 0;
  let second = 0;
  words.forEach((word, index) => {
    const hash = hashWord(word.toLowerCase());
    hashes[index] = hash;
    first = (Math.imul(first, FIRST_BASE) + hash) | 0;
    second = (Math.imul(second, SECOND_BASE) + hash) | 0;
    if (index >= GRAM_WORDS) {
      const out = hashes[index - GRAM_WORDS] ?? 0;
      first = (first - Math.imul(out, FIRST_OUT)) | 0;
      second = (second - Math.imul(out, SECOND_OUT)) | 0;
    }
    if (index >= GRAM_WORDS - 1) {
      grams.add((first & HIGH_BITS) * 2 ** 32 + (second >>> 0));
    }
  });
  return grams;
}

/** FNV-1a over UTF-16 units, with a final mix so that short words differ in all bits. */
function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < word.length; index++) {
    hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let count = 0; count < exponent; count++) {
    result = Math.imul(result, base);
  }
  return result;
}
