import type { CleaningPlace, Draft } from '../cleaningRule.ts';

/** Shorter beginnings come back by chance, as in `+` `+`. */
const MIN_TYPED_CHARS = 4;

/**
 * The model at times begins the cursor's line again.
 * ```
 * const total = ▮        generated "const total = 0;"     shown "0;"
 * ```
 */
export function dropTyped(draft: Draft, { linePrefix }: CleaningPlace): Draft {
  const typed = linePrefix.trimStart();
  const { text } = draft;
  if (typed.trimEnd().length < MIN_TYPED_CHARS) {
    return draft;
  }
  if (text.trim() === typed.trim()) {
    return { ...draft, text: '' };
  }
  // One word alone may well be written twice: `String string`, `bar.bar`.
  const isPhrase = /\w\W+\w|\w\W*\s$/.test(typed);
  return isPhrase && text.startsWith(typed) ? { ...draft, text: text.slice(typed.length) } : draft;
}
