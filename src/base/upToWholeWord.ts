/** The text up to its last whole word: a name at its end may go on, and an access to a member is nothing without its name. */
export function upToWholeWord(text: string): string {
  return text.replace(/[\p{L}\p{N}_$]+$/u, '').replace(/(\?\.|\.|::|->)$/, '');
}
