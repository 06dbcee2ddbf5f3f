import type { DocumentSnapshot } from '../context/documentSnapshot.ts';

/** The cursor's line up to the cursor. */
export function lineBefore({ text, offset }: DocumentSnapshot): string {
  return text.slice(offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1, offset);
}

/** The cursor's line from the cursor on. */
export function lineAfter({ text, offset }: DocumentSnapshot): string {
  const lineFeed = text.indexOf('\n', offset);
  return text.slice(offset, lineFeed === -1 ? undefined : lineFeed);
}

/** Up to `count` lines above the cursor's, nearest first. */
export function linesAbove({ text, offset }: DocumentSnapshot, count: number): readonly string[] {
  const lines: string[] = [];
  let end = offset === 0 ? -1 : text.lastIndexOf('\n', offset - 1);
  while (end !== -1 && lines.length < count) {
    const start = end === 0 ? 0 : text.lastIndexOf('\n', end - 1) + 1;
    lines.push(text.slice(start, end));
    end = start - 1;
  }
  return lines;
}

/** Up to `count` lines below the cursor's, nearest first. */
export function linesBelow({ text, offset }: DocumentSnapshot, count: number): readonly string[] {
  const lines: string[] = [];
  let start = text.indexOf('\n', offset) + 1;
  while (start !== 0 && lines.length < count) {
    const lineFeed = text.indexOf('\n', start);
    lines.push(text.slice(start, lineFeed === -1 ? undefined : lineFeed));
    start = lineFeed + 1;
  }
  return lines;
}

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

export function leadingSpace(line: string): string {
  return /^[ \t]*/.exec(line)![0];
}

/** Columns of leading white space, a tab counted as `tabSize`. */
export function indentationWidth(line: string, tabSize = 4): number {
  return [...leadingSpace(line)].reduce((width, character) => width + (character === '\t' ? tabSize : 1), 0);
}

/** Whether a line ends in something whose contents stand on the next, deeper lines: a bracket, `=>`, `->`, or `:`. */
export function opensOnNextLine(line: string): boolean {
  return /([{([:]|=>|->|\b(then|do|else|begin))\s*(\|[^|]*\|)?\s*$/.test(line);
}
