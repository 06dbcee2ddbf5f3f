import type { Tokenizer } from './tokenizer.ts';

/** A prompt's parts, of a few documents. */
const MAX_TEXTS = 32;
/** Shorter texts are tokenised faster than they are worth keeping; longer ones are no part of a prompt. */
const KEPT_CHARS = [100, 20_000] as const;

/**
 * The tokenizer with the ids of its last texts kept: from one keystroke to the next most of a prompt is the same, and tokenising
 * takes about 2 ms per 1,000 characters.
 */
export function rememberEncodings(tokenizer: Tokenizer): Tokenizer {
  /** Least recently used first. */
  const idsByText = new Map<string, readonly number[]>();
  return {
    ...tokenizer,
    encode: (text) => {
      if (text.length < KEPT_CHARS[0] || text.length > KEPT_CHARS[1]) {
        return tokenizer.encode(text);
      }
      const ids = idsByText.get(text) ?? tokenizer.encode(text);
      idsByText.delete(text);
      idsByText.set(text, ids);
      const [oldest] = idsByText.keys();
      if (idsByText.size > MAX_TEXTS && oldest !== undefined) {
        idsByText.delete(oldest);
      }
      return ids;
    },
  };
}
