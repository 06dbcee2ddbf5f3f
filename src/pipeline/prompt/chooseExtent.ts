import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import { classifyPlace } from '../syntax/classifyPlace.ts';
import { syntaxOf } from '../syntax/languageSyntax.ts';
import { isBlank, lineAfter, lineBefore } from '../syntax/lines.ts';
import { scanSource } from '../syntax/scanSource.ts';

/** How far a completion may reach. */
export type Extent = 'single-line' | 'block';

/**
 * A block where a block is due: on an empty line, or right after something that opens one; else the rest of the line, and so
 * inside a line, a string or a comment. How much of a block an empty line gets, the stop rules decide from what stands around
 * it.
 */
export function chooseExtent(snapshot: DocumentSnapshot): Extent {
  const before = lineBefore(snapshot);
  if (!isBlank(lineAfter(snapshot))) {
    return 'single-line';
  }
  const place = classifyPlace(snapshot);
  if (isBlank(before)) {
    // Prose goes on by paragraphs, comments and strings line by line.
    return place === 'code' || place === 'prose' ? 'block' : 'single-line';
  }
  return place === 'code' && opensBlock(before, snapshot.languageId) ? 'block' : 'single-line';
}

/** Python's headers and labels of `switch`; a colon elsewhere is a type, a key or a condition. */
const COLON_HEADER =
  /^\s*(async\s+)?(def|class|if|elif|else|for|while|try|except|finally|with|match|case|default|public|private|protected)\b.*:\s*$/;

function opensBlock(line: string, languageId: string): boolean {
  if (/([{([]|=>|->)\s*$/.test(line)) {
    return true;
  }
  const syntax = syntaxOf(languageId);
  if (languageId === 'yaml') {
    return /:\s*$/.test(line);
  }
  const isWholeHeader = syntax === undefined || scanSource(line, syntax).brackets.length === 0;
  return (COLON_HEADER.test(line) && isWholeHeader) || (syntax?.openingWords ?? /\b(then|do)\s*$/).test(line);
}
