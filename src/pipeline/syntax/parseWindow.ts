import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import { indentationWidth, isBlank } from './lines.ts';

/** So much on each side of the cursor's line is parsed, so that a large file costs no more than a small one. */
const WINDOW_LINES = 100;
const WINDOW_CHARS = 12_000;
/** How far above the window the lines are looked for that it stands in. */
const HEADER_CHARS = 400_000;
/** Opens nothing by itself: a closer, the middle of a comment, a branch of something above. */
const NO_HEADER = /^\s*([)\]}*#]|\/[/*]|(else|elif|elsif|except|finally|catch|rescue|ensure|when)\b)/;

/** A part of a document around the cursor. */
export interface ParseWindow {
  readonly before: string;
  readonly after: string;
}

/**
 * Whole lines around the cursor, below the lines that they stand in: of a large class its head, and that of the method. Lines
 * that are less and less indented, upwards, are those. Undefined where a single line is too long to be parsed at a
 * keystroke, as in minified code.
 */
export function parseWindow({ text, offset, languageId }: DocumentSnapshot): ParseWindow | undefined {
  const lineStart = startOfLine(text, offset);
  const lineEnd = endOfLine(text, offset);
  if (offset - lineStart > WINDOW_CHARS || lineEnd - offset > WINDOW_CHARS) {
    return undefined;
  }
  let start = lineStart;
  for (let lines = 0; lines < WINDOW_LINES && start > 0; lines++) {
    const above = startOfLine(text, start - 1);
    if (offset - above > WINDOW_CHARS) {
      break;
    }
    start = above;
  }
  let end = lineEnd;
  for (let lines = 0; lines < WINDOW_LINES && end < text.length; lines++) {
    const below = endOfLine(text, end + 1);
    if (below - offset > WINDOW_CHARS) {
      break;
    }
    end = below;
  }
  const before = headersAbove(text, start) + text.slice(start, offset);
  const lostItsTag = languageId === 'php' && start > 0 && !/<\?|\?>/.test(before);
  return { before: lostItsTag ? `<?php\n${before}` : before, after: text.slice(offset, end) };
}

function headersAbove(text: string, windowStart: number): string {
  const firstLine = /^\s*?(?=[^\s])[^\n]*/m.exec(text.slice(windowStart, windowStart + 1000))?.[0] ?? '';
  let indentation = indentationWidth(firstLine.slice(firstLine.lastIndexOf('\n') + 1));
  const headers: string[] = [];
  let start = windowStart;
  while (indentation > 0 && start > 0 && windowStart - start < HEADER_CHARS) {
    const above = startOfLine(text, start - 1);
    const line = text.slice(above, start);
    const width = indentationWidth(line);
    if (width < indentation && !isBlank(line)) {
      // A bracket on a line of its own belongs to the line above it.
      indentation = line.trim() === '{' ? width + 1 : width;
      if (!NO_HEADER.test(line)) {
        headers.unshift(line);
      }
    }
    start = above;
  }
  return headers.join('');
}

function startOfLine(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

function endOfLine(text: string, offset: number): number {
  const lineFeed = text.indexOf('\n', offset);
  return lineFeed === -1 ? text.length : lineFeed;
}
