import { editSimilarity } from './editSimilarity.ts';
import type { Position } from './positions.ts';

/** How one completion compares with the text that stood at its place. */
export interface PositionScore {
  readonly exactFirstLine: boolean;
  readonly exactWhole: boolean;
  readonly editSimilarity: number;
  readonly ended: boolean;
  readonly endedTooEarly: boolean;
  readonly repeatsSuffix: boolean;
}

/** The same over rows: rates and a mean, 0–1. */
export interface EvalSummary {
  readonly rows: number;
  readonly exactFirstLine: number;
  readonly exactWhole: number;
  readonly editSimilarity: number;
  readonly ended: number;
  readonly endedTooEarly: number;
  readonly repeatsSuffix: number;
}

/**
 * Compares a completion with the middle, line endings aside.
 *
 * - `exactFirstLine`: the first lines are equal, white space at their ends aside.
 * - `exactWhole`: the whole texts are equal, white space at their ends aside.
 * - `editSimilarity`: 1 − Levenshtein distance / length of the longer text, over the whole texts as they are.
 * What is compared is what is shown: with cleaning, the cleaned text.
 *
 * - `ended`: as given, whether the model ended the text with its end token.
 * - `endedTooEarly`: it did, and the text is only the beginning of the middle.
 * - `repeatsSuffix`: from its second line on, the text has the first line after the cursor's that has more than three characters.
 */
export function scoreCompletion(
  completion: string,
  { middle, suffix }: Pick<Position, 'middle' | 'suffix'>,
  ended: boolean,
): PositionScore {
  const actual = completion.replaceAll('\r\n', '\n');
  const expected = middle.replaceAll('\r\n', '\n');
  const linesAfter = suffix.replaceAll('\r\n', '\n').split('\n').slice(1);
  const nextLine = linesAfter.find((line) => line.trim().length > 3);
  return {
    exactFirstLine: firstLine(actual) === firstLine(expected),
    exactWhole: actual.trimEnd() === expected.trimEnd(),
    editSimilarity: editSimilarity(actual, expected),
    ended,
    endedTooEarly: ended && expected.startsWith(actual) && actual.trimEnd().length < expected.trimEnd().length,
    repeatsSuffix: nextLine !== undefined && actual.split('\n').slice(1).includes(nextLine),
  };
}

export interface ScoredPosition {
  readonly position: Pick<Position, 'language' | 'kind'>;
  readonly score: PositionScore;
}

/** Overall, and per language and kind in alphabetical order. */
export function summarize(scored: readonly ScoredPosition[]): EvalSummary & {
  readonly byLanguage: Readonly<Record<string, EvalSummary>>;
  readonly byKind: Readonly<Record<string, EvalSummary>>;
} {
  return {
    ...summarizeRows(scored),
    byLanguage: summarizeBy(scored, ({ position }) => position.language),
    byKind: summarizeBy(scored, ({ position }) => position.kind),
  };
}

/** What a value of the setting `foretoken.quietness` leaves of these rows. */
export interface QuietnessSummary {
  readonly quietness: number;
  /** Share of the rows with a text that are shown, 0–1. */
  readonly shown: number;
  /** Share of the shown ones whose first line is exact. */
  readonly exactFirstLine: number;
}

const QUIETNESS_STEPS = [0, 2, 5, 10, 20, 30, 50, 70] as const;

/** How much quieter each step is, and how much more often right. */
export function summarizeByQuietness(
  rows: readonly {
    readonly text: string;
    readonly confidence?: number | undefined;
    readonly score: Pick<PositionScore, 'exactFirstLine'>;
  }[],
): readonly QuietnessSummary[] {
  const withText = rows.filter(({ text }) => text !== '');
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  return QUIETNESS_STEPS.map((quietness) => {
    const shown = withText.filter(({ confidence = 1 }) => 100 * confidence >= quietness);
    const exact = shown.filter(({ score }) => score.exactFirstLine);
    return {
      quietness,
      shown: share(shown.length, withText.length),
      exactFirstLine: share(exact.length, shown.length),
    };
  });
}

function summarizeBy(
  scored: readonly ScoredPosition[],
  keyOf: (row: ScoredPosition) => string,
): Readonly<Record<string, EvalSummary>> {
  const keys = [...new Set(scored.map(keyOf))].sort();
  return Object.fromEntries(keys.map((key) => [key, summarizeRows(scored.filter((row) => keyOf(row) === key))]));
}

function summarizeRows(scored: readonly ScoredPosition[]): EvalSummary {
  const meanOf = (figureOf: (score: PositionScore) => number): number =>
    scored.length === 0 ? 0 : scored.reduce((sum, { score }) => sum + figureOf(score), 0) / scored.length;
  return {
    rows: scored.length,
    exactFirstLine: meanOf((score) => Number(score.exactFirstLine)),
    exactWhole: meanOf((score) => Number(score.exactWhole)),
    editSimilarity: meanOf((score) => score.editSimilarity),
    ended: meanOf((score) => Number(score.ended)),
    endedTooEarly: meanOf((score) => Number(score.endedTooEarly)),
    repeatsSuffix: meanOf((score) => Number(score.repeatsSuffix)),
  };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.trimEnd();
}
