/** A line of a text: its content without the line feed, and where it stands. */
export interface Line {
  readonly text: string;
  /** UTF-16 offset of its first unit. */
  readonly start: number;
  /** UTF-16 offset of its line feed, or of the end of the text. */
  readonly end: number;
}

/** Lines of a text that uses line feeds; the last one may be empty or unfinished. */
export function splitLines(text: string): readonly Line[] {
  let start = 0;
  return text.split('\n').map((content) => {
    const line = { text: content, start, end: start + content.length };
    start = line.end + 1;
    return line;
  });
}

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Columns of leading white space; a tab counts 4, which only has to be consistent inside one file. */
export function indentationWidth(line: string): number {
  let width = 0;
  for (const character of line) {
    if (character === ' ') {
      width++;
    } else if (character === '\t') {
      width += 4;
    } else {
      break;
    }
  }
  return width;
}

export function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}

/** First line after the cursor's own that is not blank. */
export function firstFilledLine(suffix: string): string | undefined {
  return splitLines(suffix)
    .slice(1)
    .find((line) => !isBlank(line.text))?.text;
}

/** End of the last filled line before line `index`. */
export function endOfText(lines: readonly Line[], index: number): number {
  return lines.slice(0, index).findLast((line) => !isBlank(line.text))?.end ?? 0;
}

/**
 * Indentation of the block that a text continues: that of the cursor's line, or, where the cursor stands at the very start of
 * a line, that of the first line that is written.
 */
export function baseIndentation(linePrefix: string, lines: readonly Line[]): number {
  if (linePrefix !== '') {
    return indentationWidth(linePrefix);
  }
  return indentationWidth(lines.find((line) => !isBlank(line.text))?.text ?? '');
}
