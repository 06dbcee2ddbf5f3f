import type { GenerationTrace, TracedStep } from '../../inference/protocol.ts';

/** Rows of the token table: the token, who wrote it, the target model's probability, and what was drafted in its place. */
export type TokenRow = readonly [token: string, origin: string, probability: string, instead: string];

/** One row per written token, in order; steps of the model are told apart by who wrote the tokens. */
export function explainTokens({ steps }: GenerationTrace): readonly TokenRow[] {
  return steps.flatMap((step) =>
    step.tokens.map(
      (token, index): TokenRow => [
        quoteToken(token.text),
        token.origin,
        percent(token.probability),
        token.origin === 'model' && index === step.tokens.length - 1 ? rejectedHere(step) : '',
      ],
    ),
  );
}

/** A token's text with what cannot be seen made visible; the mark of the end for one without text. */
function quoteToken(text: string): string {
  return text === ''
    ? '(end)'
    : text
        .replaceAll(' ', '·')
        .replaceAll('\t', '→')
        .replaceAll('\r', '␍')
        .replaceAll('\n', '⏎')
        // Anything else that takes no place on the screen, or changes the direction of what follows.
        .replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}

/** The drafted tokens that the model looked at and wrote its own token instead of. */
function rejectedHere({ nodes }: TracedStep): string {
  const last = nodes.findLastIndex((node) => node.isAccepted);
  return nodes
    .filter((node) => node.isVerified && !node.isAccepted && node.parent === last)
    .map(({ text, source, probability }) => {
      const known = probability === undefined ? '' : ` ${percent(probability)}`;
      return `${quoteToken(text)} (${source}${known})`;
    })
    .join(', ');
}

function percent(share: number): string {
  const value = 100 * share;
  return value > 0 && value < 1 ? '<1%' : `${Math.round(value)}%`;
}
