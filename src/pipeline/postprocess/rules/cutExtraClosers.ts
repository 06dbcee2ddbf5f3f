import type { CleaningPlace, Draft } from '../cleaningRule.ts';
import { findExtraCloser } from '../extraCloser.ts';

/**
 * A closing bracket that closes nothing: what is open at the cursor is closed after it already. The text ends before it.
 * ```
 * if (ready) {
 *   ▮            generated "go();\n}"     shown "go();"
 * }
 * ```
 */
export function cutExtraClosers(draft: Draft, place: CleaningPlace): Draft {
  const extra = findExtraCloser(draft, place);
  return extra === undefined ? draft : { ...draft, text: draft.text.slice(0, extra).trimEnd() };
}
