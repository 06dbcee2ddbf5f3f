import type { NoSuggestion } from '../postprocess/suggestion.ts';
import { noSuggestion } from '../postprocess/suggestion.ts';
import type { Place } from '../syntax/classifyPlace.ts';

/** Places where nothing is to be suggested while typing. */
export type QuietPlaces = Readonly<Record<Exclude<Place, 'code'>, boolean>>;

const REASONS = { comment: 'inside-comment', string: 'inside-string', prose: 'inside-prose' } as const;

/** Why nothing is suggested at this place; undefined to go on. Whoever asks by the command is answered everywhere. */
export function refusePlace(place: Place, quiet: QuietPlaces, isExplicit: boolean): NoSuggestion | undefined {
  if (isExplicit || place === 'code' || !quiet[place]) {
    return undefined;
  }
  return noSuggestion(REASONS[place]);
}
