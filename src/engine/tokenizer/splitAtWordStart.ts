/** Longest piece taken back, in UTF-16 units: a longer "word" is data, and generating it again would cost more than it heals. */
const MAX_TYPED_CHARS = 64;

/**
 * Splits the text before the cursor at the start of its last word, which healing generates again.
 *
 * A word takes the one blank or sign before it along, since that is how the vocabulary cuts text (` return`, `.append` and
 * `(value` are one piece each); a lone sign or blank before the cursor is taken back for the same reason.
 * ```
 * "x = ite▮"    kept "x ="      typed " ite"
 * "self.▮"      kept "self"     typed "."
 * "    ▮"       kept "   "      typed " "
 * ```
 */
export function splitAtWordStart(text: string): { readonly kept: string; readonly typed: string } {
  const word = /[^\r\n\p{L}\p{N}]?[\p{L}\p{N}_$]*$/u.exec(text);
  const typed = word?.[0] ?? '';
  if (typed.length > MAX_TYPED_CHARS) {
    return { kept: text, typed: '' };
  }
  return { kept: text.slice(0, text.length - typed.length), typed };
}
