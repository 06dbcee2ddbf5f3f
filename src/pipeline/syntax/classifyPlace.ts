import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { LanguageSyntax } from './languageSyntax.ts';
import { isProseLanguage, syntaxOf } from './languageSyntax.ts';
import type { ScanState } from './scanSource.ts';
import { scanSource } from './scanSource.ts';

/** What the cursor stands in. */
export type Place = 'code' | 'comment' | 'string' | 'prose';

/** A scan must start where the state is known; from this far back plain code is assumed, at a line's start. */
const MAX_SCAN_CHARS = 100_000;

/**
 * What the cursor stands in, by a lexical scan of the text before it. A string that stands where a statement could and goes
 * over lines, as Python's documentation does, is a comment; a fenced block in Markdown is code. Unknown languages are code.
 */
export function classifyPlace(snapshot: DocumentSnapshot): Place {
  const { languageId } = snapshot;
  if (isProseLanguage(languageId)) {
    return isInsideFence(snapshot) ? 'code' : 'prose';
  }
  const syntax = syntaxOf(languageId);
  return syntax === undefined ? 'code' : placeOf(scanToCursor(snapshot, syntax));
}

/** The state at the cursor, by a scan of the text before it. */
export function scanToCursor(snapshot: DocumentSnapshot, syntax: LanguageSyntax): ScanState {
  return scanSource(textToScan(snapshot), syntax);
}

function placeOf({ frames }: ScanState): Place {
  const frame = frames.at(-1);
  if (frame?.kind === 'comment') {
    return 'comment';
  }
  if (frame?.kind !== 'string') {
    return 'code';
  }
  return frame.startsLine && frame.rule.multiline && frame.rule.open.length === 3 ? 'comment' : 'string';
}

function textToScan({ text, offset }: DocumentSnapshot): string {
  if (offset <= MAX_SCAN_CHARS) {
    return text.slice(0, offset);
  }
  const lineFeed = text.indexOf('\n', offset - MAX_SCAN_CHARS);
  return text.slice(lineFeed === -1 || lineFeed >= offset ? offset - MAX_SCAN_CHARS : lineFeed + 1, offset);
}

function isInsideFence(snapshot: DocumentSnapshot): boolean {
  const lines = textToScan(snapshot).split('\n').slice(0, -1);
  return lines.filter((line) => /^\s*(```|~~~)/.test(line)).length % 2 === 1;
}
