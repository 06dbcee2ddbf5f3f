import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import { classifyPlace, scanToCursor } from '../syntax/classifyPlace.ts';
import type { LanguageSyntax } from '../syntax/languageSyntax.ts';
import { syntaxOf } from '../syntax/languageSyntax.ts';
import { lineAfter, lineBefore } from '../syntax/lines.ts';
import type { SourceParser } from '../syntax/sourceParser.ts';
import type { CleaningPlace } from './cleaningRule.ts';

/** Of text without a known language only brackets are understood. */
const BRACKETS_ONLY: LanguageSyntax = { lineComments: [], blockComments: [], strings: [], statementEnd: 'line' };

/** Everything the cleaning rules ask about the cursor's place, found once. */
export function describePlace(
  snapshot: DocumentSnapshot,
  stopReason: string,
  parser: SourceParser | undefined,
): CleaningPlace {
  const syntax = syntaxOf(snapshot.languageId) ?? BRACKETS_ONLY;
  return {
    snapshot,
    stopReason,
    linePrefix: lineBefore(snapshot),
    rest: lineAfter(snapshot),
    place: classifyPlace(snapshot),
    syntax,
    state: scanToCursor(snapshot, syntax),
    parser,
  };
}
