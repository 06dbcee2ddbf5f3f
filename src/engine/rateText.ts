import type { DecodedToken } from './writtenText.ts';

/** A token with the place in the text where it begins; negative for what was typed already. */
export interface PlacedToken extends DecodedToken {
  readonly start: number;
}

/** How sure the target model was of a text; natural logarithms, 0 is certain. */
export interface TextConfidence {
  /** Mean per token. */
  readonly mean: number;
  /** Of the least likely token. */
  readonly least: number;
  /** Sum over the tokens of the first filled line: the probability that all of it is what the model would draw. */
  readonly firstLine: number;
}

/**
 * Rates a text by the tokens that wrote it; those that begin after its end do not count. Which drafts ran makes no difference:
 * the probabilities are the target model's.
 */
export function rateText(text: string, tokens: readonly PlacedToken[]): TextConfidence {
  const written = tokens.filter(({ start }) => start < text.length);
  const lineEnd = text.indexOf('\n', text.search(/\S/));
  const inFirstLine = lineEnd === -1 ? written : written.filter(({ start }) => start < lineEnd);
  const sum = (some: readonly PlacedToken[]): number => some.reduce((total, token) => total + token.logProbability, 0);
  return {
    mean: written.length === 0 ? 0 : sum(written) / written.length,
    least: Math.min(0, ...written.map(({ logProbability }) => logProbability)),
    firstLine: sum(inFirstLine),
  };
}
