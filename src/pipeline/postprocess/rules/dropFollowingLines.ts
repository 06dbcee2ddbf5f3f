import { isBlank, linesBelow } from '../../syntax/lines.ts';
import type { CleaningPlace, Draft } from '../cleaningRule.ts';

/** Shorter lines stand at several depths with good reason. */
const MIN_LINE_CHARS = 10;

/**
 * The end of the text is what already stands on the lines after the cursor.
 * ```
 * a = read()
 * ▮                      generated "b = write(a)\nreturn b"     shown "b = write(a)"
 * return b
 * ```
 */
export function dropFollowingLines(draft: Draft, { linePrefix, rest, snapshot }: CleaningPlace): Draft {
  if (!isBlank(rest)) {
    return draft;
  }
  const lines = draft.text.split('\n');
  const below = linesBelow(snapshot, lines.length + 20).filter((line) => !isBlank(line));
  for (let index = 0; index < lines.length; index++) {
    const ends = lines.slice(index).map((line, at) => (index + at === 0 ? linePrefix + line : line));
    const filled = ends.filter((line) => !isBlank(line));
    const isBelow = filled.length > 0 && filled.every((line, at) => isSameLine(line, below[at]));
    // Brackets alone look alike at every depth; whether they are due is counted elsewhere.
    if (isBelow && !isBlank(lines[index]!) && filled.some((line) => /\w/.test(line))) {
      return { ...draft, text: lines.slice(0, index).join('\n').trimEnd() };
    }
  }
  return draft;
}

/** Equal, or equal but for the indentation where the line is long enough and does not leave a block, as `return x` does. */
function isSameLine(line: string, other: string | undefined): boolean {
  if (other === undefined) {
    return false;
  }
  const content = line.trim();
  const mayMove =
    content.length >= MIN_LINE_CHARS && !/^(return|break|continue|throw|raise|yield|pass|goto)\b/.test(content);
  return line.trimEnd() === other.trimEnd() || (mayMove && content === other.trim());
}
