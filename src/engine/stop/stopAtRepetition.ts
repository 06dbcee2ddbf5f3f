import { isBlank } from './lines.ts';
import type { LineInText, Stop } from './stopRule.ts';

/** Lines of a loop, and how often they must come: short ones are repeated on purpose at times, whole passages are not. */
const LOOPS: readonly { readonly period: number; readonly rounds: number; readonly minChars: number }[] = [
  ...[1, 2, 3].map((period) => ({ period, rounds: 3, minChars: 1 })),
  ...[4, 5, 6, 7, 8, 9, 10, 11, 12].map((period) => ({ period, rounds: 2, minChars: 40 })),
];

/** One to three lines written three times in a row, or a passage of up to twelve twice: a loop. The first round is kept. */
export function stopAtRepetition({ index, lines, isComplete }: LineInText): Stop | undefined {
  if (!isComplete) {
    return undefined;
  }
  for (const { period, rounds, minChars } of LOOPS) {
    const first = index - rounds * period + 1;
    if (first < 0) {
      continue;
    }
    const round = lines.slice(first, first + period);
    const chars = round.reduce((sum, { text }) => sum + text.trim().length, 0);
    const isLoop = lines
      .slice(first, index + 1 - period)
      .every(({ text }, offset) => text === lines[first + offset + period]!.text);
    if (isLoop && chars >= minChars && !isBlank(round.map(({ text }) => text).join(''))) {
      return { keep: round.at(-1)!.end, reason: 'line-repeats' };
    }
  }
  return undefined;
}
