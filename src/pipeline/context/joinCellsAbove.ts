/** More than any prompt's window. */
const MAX_CHARS = 8000;

/**
 * What a notebook's cell goes on from: the code of the cells above it, nearest last, as if they were one file with it; at most
 * some thousand UTF-16 units, whole lines. Ends with a blank line, or is empty.
 */
export function joinCellsAbove(cells: readonly string[]): string {
  const joined = cells
    .map((cell) => cell.replaceAll('\r\n', '\n').trimEnd())
    .filter((cell) => cell !== '')
    .map((cell) => `${cell}\n\n`)
    .join('');
  if (joined.length <= MAX_CHARS) {
    return joined;
  }
  const lineEnd = joined.indexOf('\n', joined.length - MAX_CHARS);
  return joined.slice(lineEnd + 1);
}
