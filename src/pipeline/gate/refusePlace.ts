import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { NoSuggestion } from '../postprocess/suggestion.ts';
import { noSuggestion } from '../postprocess/suggestion.ts';
import type { Place } from '../syntax/classifyPlace.ts';
import { classifyPlace } from '../syntax/classifyPlace.ts';
import { isBlank } from '../syntax/lines.ts';

/** Places where nothing is to be suggested while typing. */
export type QuietPlaces = Readonly<Record<Exclude<Place, 'code'>, boolean>>;

const REASONS = { comment: 'inside-comment', string: 'inside-string', prose: 'inside-prose' } as const;

/**
 * Why nothing is suggested where the cursor stands; undefined to go on. Whoever asks by the command is answered everywhere but
 * in a blank document: from nothing the model writes whatever it saw most, a framework's start page in any language.
 *
 * The text is scanned only when some place is quiet: this runs at every keystroke.
 */
export function refusePlace(
  snapshot: DocumentSnapshot,
  quiet: QuietPlaces,
  isExplicit: boolean,
): NoSuggestion | undefined {
  if (isBlank(snapshot.text)) {
    return noSuggestion('blank-document');
  }
  if (isExplicit || !Object.values(quiet).includes(true)) {
    return undefined;
  }
  const place = classifyPlace(snapshot);
  return place === 'code' || !quiet[place] ? undefined : noSuggestion(REASONS[place]);
}
