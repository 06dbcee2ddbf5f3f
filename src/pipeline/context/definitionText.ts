/** The head of a long definition says what there is to know to call it. */
export const DEFINITION_LINES = 20;

/**
 * The lines of a definition that begins in the first of `lines`: as far as they are indented deeper, with the one that closes it, 20
 * lines at most.
 */
export function definitionText(lines: readonly string[]): string {
  const [first = '', ...others] = lines.slice(0, DEFINITION_LINES);
  const taken = [first];
  for (const line of others) {
    const isInside = line.trim() === '' || indentationOf(line) > indentationOf(first);
    const closes = /^\s*[)\]}]/.test(line);
    if (!isInside && !closes) {
      break;
    }
    taken.push(line);
    // The end of a parameter list over several lines is followed by the body.
    if (!isInside && !/[{:]\s*$/.test(line)) {
      break;
    }
  }
  return taken.join('\n').trimEnd();
}

function indentationOf(line: string): number {
  return line.length - line.trimStart().length;
}
