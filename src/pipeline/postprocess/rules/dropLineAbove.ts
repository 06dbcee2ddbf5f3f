import { isBlank, linesAbove } from '../../syntax/lines.ts';
import type { CleaningPlace, Draft } from '../cleaningRule.ts';

/** Shorter lines are repeated on purpose often enough. */
const MIN_LINE_CHARS = 8;

/** A text that is nothing but the line above once more: a loop about to begin. */
export function dropLineAbove(draft: Draft, { linePrefix, snapshot }: CleaningPlace): Draft {
  const [above] = linesAbove(snapshot, 1);
  const line = (linePrefix + draft.text).trim();
  const isRepeated = above !== undefined && line.length >= MIN_LINE_CHARS && line === above.trim();
  return isRepeated && isBlank(linePrefix) ? { ...draft, text: '' } : draft;
}
