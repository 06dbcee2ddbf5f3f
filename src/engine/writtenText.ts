import type { RowScores } from './targetModel.ts';

/** Restricts the next token; stands for the healed word at the cursor. Each step's mask follows from the one before. */
export interface TokenMask {
  /** The best token that the mask allows. `scores.logits` is present. */
  bestAllowed(scores: RowScores): number;
  allows(token: number): boolean;
  /** The mask for the token after this one, or undefined when generation is free from there on. */
  after(token: number): TokenMask | undefined;
  /** Whether it allows nothing that the other one does not allow; undefined allows everything. */
  isWithin(other: TokenMask | undefined): boolean;
}

export interface DecodedToken {
  readonly id: number;
  /** Natural logarithm of the target model's probability for it; under a mask, among what the mask allowed when it was written. */
  readonly logProbability: number;
}

/** A token with the mask that it was chosen under. */
export interface WrittenToken extends DecodedToken {
  readonly mask: TokenMask | undefined;
}

/**
 * What a request wrote after its prompt, kept beside the cache that holds its rows.
 *
 * A keystroke ends the running request. If the typed characters match what it was writing, the next one would write the same tokens:
 * the best of all tokens is also the best of any fewer that it is among.
 */
export class WrittenText {
  private readonly promptTokens: readonly number[];
  private readonly tokens: WrittenToken[] = [];

  constructor(promptTokens: readonly number[]) {
    this.promptTokens = promptTokens;
  }

  push(tokens: readonly WrittenToken[]): void {
    this.tokens.push(...tokens);
  }

  /** The tokens that a request with this prompt and mask can take over. */
  after(promptTokens: readonly number[], mask: TokenMask | undefined): readonly WrittenToken[] {
    const extra = promptTokens.length - this.promptTokens.length;
    const isSame = (token: number, index: number): boolean =>
      token === (this.promptTokens[index] ?? this.tokens[index - this.promptTokens.length]?.id);
    if (extra < 0 || !promptTokens.every(isSame)) {
      return [];
    }
    const known: WrittenToken[] = [];
    let open = mask;
    for (const { id, logProbability, mask: chosenUnder } of this.tokens.slice(extra)) {
      const isAllowed = open === undefined ? chosenUnder === undefined : open.isWithin(chosenUnder) && open.allows(id);
      if (!isAllowed) {
        break;
      }
      known.push({ id, logProbability, mask: open });
      open = open?.after(id);
    }
    return known;
  }
}
