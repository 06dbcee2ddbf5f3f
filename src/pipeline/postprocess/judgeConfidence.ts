import type { GeneratedText } from '../../inference/protocol.ts';
import type { NoSuggestion } from './suggestion.ts';
import { noSuggestion } from './suggestion.ts';

/** The chance, 0–1, that the first line is what the model would write, by its own account; undefined where that is not known. */
export function confidenceOf({
  firstLineLogProbability,
}: Pick<GeneratedText, 'firstLineLogProbability'>): number | undefined {
  return firstLineLogProbability === undefined ? undefined : Math.exp(firstLineLogProbability);
}

/**
 * Why a text is not worth the user's attention; undefined to show it.
 *
 * `quietness`: per cent of confidence that a suggestion needs, 0 to show all. Which drafter ran plays no part in it, or the
 * shown suggestions would change with the drafter.
 */
export function judgeConfidence(generated: GeneratedText, quietness: number): NoSuggestion | undefined {
  const confidence = confidenceOf(generated);
  return confidence === undefined || 100 * confidence >= quietness
    ? undefined
    : noSuggestion('not-confident', `${(100 * confidence).toFixed(0)}% sure, ${quietness}% wanted`);
}
