import type { Tokenizer } from '../../engine/tokenizer/tokenizer.ts';

/** Texts kept; a few more than an editor sends, so that a change of tabs finds them again. */
const MAX_TEXTS = 24;

/**
 * Token ids of texts that come again with every request.
 *
 * Tokenising takes about 2 ms per 1,000 characters, so at most one new text is tokenised per request: the others follow with
 * the next ones instead of delaying this one.
 */
export class TokenizedTexts {
  /** Least recently used first. */
  private readonly idsByText = new Map<string, readonly number[]>();
  private readonly tokenizer: Tokenizer;

  constructor(tokenizer: Tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Ids of those texts that are known by now, in the order given. */
  take(texts: readonly string[]): readonly (readonly number[])[] {
    const fresh = texts.find((text) => !this.idsByText.has(text));
    if (fresh !== undefined) {
      this.idsByText.set(fresh, this.tokenizer.encode(fresh));
    }
    const known = texts.flatMap((text) => {
      const ids = this.idsByText.get(text);
      if (ids === undefined) {
        return [];
      }
      this.idsByText.delete(text);
      this.idsByText.set(text, ids);
      return [ids];
    });
    const [oldest] = this.idsByText.keys();
    if (this.idsByText.size > MAX_TEXTS && oldest !== undefined) {
      this.idsByText.delete(oldest);
    }
    return known;
  }
}
