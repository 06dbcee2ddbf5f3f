import type { CleaningPlace, Draft } from '../cleaningRule.ts';
import { countsBrackets, findExtraCloser } from '../extraCloser.ts';

/** Brackets and quotes that stand right after the cursor already, and nothing else: its own reason, for it is very common. */
export function dropClosersOnly(draft: Draft, place: CleaningPlace): Draft {
  const text = draft.text.trim();
  const isClosing = /^[)\]}>"'`][)\]}>"'`;,]*$/.test(text) && place.rest.startsWith(text);
  return isClosing && !isDue(draft, place) ? { ...draft, text: '' } : draft;
}

/** `f(g(▮)` needs one more of the bracket that follows. */
function isDue(draft: Draft, place: CleaningPlace): boolean {
  const areBrackets = /^[)\]}]/.test(draft.text.trim());
  return areBrackets && countsBrackets(place) && findExtraCloser(draft, place) === undefined;
}
