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
