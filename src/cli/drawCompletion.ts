import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import type { Suggestion } from '../pipeline/postprocess/suggestion.ts';

const LINES_ABOVE = 3;
const LINES_BELOW = 2;

/** Marks of the completed text: colour on a terminal, guillemets where colour would be lost. */
interface CompletionMarks {
  readonly start: string;
  readonly end: string;
}

function completionMarks(isTerminal: boolean = process.stdout.isTTY === true): CompletionMarks {
  const isPlain = !isTerminal || (process.env.NO_COLOR ?? '') !== '';
  return isPlain ? { start: '«', end: '»' } : { start: '\u001b[32m', end: '\u001b[0m' };
}

/**
 * The cursor's surroundings with the completion in its place and marked.
 * ```
 *   11 | def total(items):
 *   12 |     return «sum(item.price for item in items)»
 *   13 |
 * ```
 * `cursorLine` is the cursor's line, from 0; line numbers are shown from 1, as editors do.
 */
export function drawCompletion(
  snapshot: DocumentSnapshot,
  { text, replaceChars }: Pick<Suggestion, 'text' | 'replaceChars'>,
  cursorLine: number,
  marks: CompletionMarks = completionMarks(),
): readonly string[] {
  const above = snapshot.text
    .slice(0, snapshot.offset)
    .split('\n')
    .slice(-1 - LINES_ABOVE);
  const below = snapshot.text
    .slice(snapshot.offset + replaceChars)
    .split('\n')
    .slice(0, 1 + LINES_BELOW);
  const completed = text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => `${marks.start}${line}${marks.end}`);
  // The last line above is the cursor's own, and so is the first one below.
  const lines = joinEnds(joinEnds(above, completed), below);
  const firstNumber = cursorLine - above.length + 2;
  const width = String(firstNumber + lines.length - 1).length;
  return lines.map((line, index) => `${String(firstNumber + index).padStart(width + 2)} | ${line}`.trimEnd());
}

function joinEnds(first: readonly string[], second: readonly string[]): readonly string[] {
  return [...first.slice(0, -1), `${first[first.length - 1] ?? ''}${second[0] ?? ''}`, ...second.slice(1)];
}
