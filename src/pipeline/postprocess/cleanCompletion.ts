import type { GeneratedText } from '../../inference/protocol.ts';
import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { SourceParser } from '../syntax/sourceParser.ts';
import type { Draft } from './cleaningRule.ts';
import { CLEANING_RULES } from './cleaningRules.ts';
import { describePlace } from './describePlace.ts';
import type { NoSuggestion, NoSuggestionReason, Suggestion } from './suggestion.ts';
import { noSuggestion } from './suggestion.ts';

/**
 * Turns generated text into what the editor shows, by the rules of `cleaningRules.ts` in their order: the first rule that
 * leaves nothing gives the reason. The document's own line endings come last. Without a parser syntax is not checked.
 */
export function cleanCompletion(
  generated: Pick<GeneratedText, 'text' | 'stopReason'>,
  snapshot: DocumentSnapshot,
  parser?: SourceParser,
): Suggestion | NoSuggestion {
  if (generated.text === '') {
    return noSuggestion(REASON_BY_STOP[generated.stopReason] ?? 'empty', generated.stopReason);
  }
  if (generated.text.trim() === '') {
    return noSuggestion('only-blanks', generated.stopReason);
  }
  const place = describePlace(snapshot, generated.stopReason, parser);
  let draft: Draft = { text: generated.text.replaceAll('\r\n', '\n'), replaceChars: 0 };
  for (const { apply, reason } of CLEANING_RULES) {
    draft = apply(draft, place);
    if (draft.text.trim() === '') {
      return noSuggestion(reason, generated.stopReason);
    }
  }
  const { text, replaceChars } = draft;
  return { kind: 'suggestion', text: text.replaceAll('\n', snapshot.lineEnding), replaceChars };
}

/** What it means that a stop rule left nothing. */
const REASON_BY_STOP: Readonly<Record<string, NoSuggestionReason>> = {
  'suffix-repeats': 'repeats-suffix',
  'code-fence': 'chat',
};
