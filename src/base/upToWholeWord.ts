/**
 * The text up to its last whole word. A name at its end may go on, with hyphens too, and so may a number and an operator; an access to
 * a member is nothing without its name.
 */
export function upToWholeWord(text: string): string {
  return text
    .replace(/(?:[\p{L}\p{M}\p{N}_$]+-)*[\p{L}\p{M}\p{N}_$]*$/u, '')
    .replace(/\p{N}+\.$/u, '')
    .replace(/[-+*/%&|^=<>!?:~@.\\]+$/, '');
}
