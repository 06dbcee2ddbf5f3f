import { isBlank } from '../../syntax/lines.ts';
import { scanSource } from '../../syntax/scanSource.ts';
import type { CleaningPlace, Draft } from '../cleaningRule.ts';
import { countsBrackets, findExtraCloser } from '../extraCloser.ts';

/** What an editor puts after the cursor by itself, or what ends a statement there. */
const CLOSERS = /^[)\]}"'`;,>]+$/;
/** Which of these are due although the same ones follow, as in `f(g(▮);`, is counted by another rule. */
const ONLY_BRACKETS = /^[)\]}\s]+$/;
/** One character in common is chance unless it closes or separates something. */
const TELLING = /^[)\]}"'`;,:>]$/;
/** So much of a line does not come back whole by chance, even from inside a word or a bracket. */
const MIN_REST_CHARS = 4;

/**
 * Nothing is said twice of what stands between the cursor and the end of its line. Where that is brackets and quotes only,
 * the text may go on after them.
 * ```
 * print(▮)       generated "name)"         shown "name"
 * f(▮, b);       generated "a, b);"        shown "a"
 * if (▮)         generated "a > b) {"      shown whole, in the place of ")"
 * print(▮)       generated "f(x)"          shown whole: its bracket closes its own
 * ```
 */
export function coverRestOfLine(draft: Draft, place: CleaningPlace): Draft {
  const rest = place.rest.trimEnd();
  const { text } = draft;
  if (isBlank(rest)) {
    return draft;
  }
  for (let at = 0; at < text.length; at++) {
    const remaining = text.slice(at);
    const isEnd = rest.startsWith(remaining);
    const isWhole = remaining.startsWith(rest);
    const isCertain = remaining === rest && rest.length >= MIN_REST_CHARS && hasWord(rest);
    if ((!isEnd && !isWhole) || (!isCertain && !(isTelling(at, draft, place) && isLevel(text.slice(0, at), place)))) {
      continue;
    }
    const beyond = remaining.slice(rest.length).trim();
    if (place.place === 'code' && ONLY_BRACKETS.test(rest) && ONLY_BRACKETS.test(isEnd ? remaining : rest + beyond)) {
      continue;
    }
    if (!isEnd && CLOSERS.test(rest) && beyond !== '') {
      return { ...draft, replaceChars: place.rest.length };
    }
    return { ...draft, text: text.slice(0, at) };
  }
  return draft;
}

/** Half a word in common is chance: `name` before `e = 3`. */
function isTelling(at: number, { text }: Draft, { linePrefix, rest }: CleaningPlace): boolean {
  const length = Math.min(text.length - at, rest.trimEnd().length);
  const startsInside = hasWord(text[at]!) && hasWord((at === 0 ? linePrefix : text[at - 1]!).slice(-1));
  const endsInside = hasWord(rest[length - 1]!) && hasWord(rest.slice(length, length + 1));
  return !startsInside && !endsInside && (length > 1 || hasWord(text[at]!) || TELLING.test(text[at]!));
}

function hasWord(text: string): boolean {
  return /[\p{L}\p{N}_$]/u.test(text);
}

/** Whether the beginning of the text opens nothing and closes only what the rest of the line does not close. */
function isLevel(beginning: string, place: CleaningPlace): boolean {
  const { syntax, state, rest } = place;
  const after = scanSource(beginning, syntax, state);
  const inner = state.frames.at(-1);
  const closesString = inner?.kind === 'string' && !rest.includes(inner.rule.close);
  const kept = closesString ? state.frames.slice(0, -1) : state.frames;
  const isSamePlace =
    after.frames.length <= state.frames.length &&
    after.frames.length >= kept.length &&
    after.frames.every((frame, index) => frame === state.frames[index]);
  const closersAreDue =
    after.unmatched.length === 0 ||
    (countsBrackets(place) && findExtraCloser({ text: beginning, replaceChars: 0 }, place) === undefined);
  return isSamePlace && after.brackets.length === 0 && closersAreDue;
}
