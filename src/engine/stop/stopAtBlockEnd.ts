import { baseIndentation, endOfText, firstFilledLine, indentationWidth, isBlank } from './lines.ts';
import type { LineInText, Stop, StopContext } from './stopRule.ts';

/** Brackets, or the words that close blocks in Ruby, Lua and shells. */
const CLOSING_LINE = /^\s*([}\])]|(?:end|done|fi|esac)\b)/;
/** Openers at whose end such a word is due. */
const WORD_OPENER =
  /\b(then|do|else|begin)(\s*\|[^|]*\|)?\s*$|^\s*(def|class|module|function|if|unless|while|until|case)\b/;
/** `} else {`: one part closed, the next opened. */
const GOES_ON = /([{([]|=>|\b(else|do|then|begin))\s*(\|[^|]*\|)?\s*$/;
/** A Python block that is not whole before its handler. */
const HANDLER = /^\s*(except|finally)\b/;

/**
 * The end of the block the cursor is in.
 * ```
 * def total(items):        base indentation 4 (blank before the cursor)
 *     ▮result = 0          line 0
 *     return result        indentation 4: goes on
 * print(total([]))         indentation 0: cut before this line
 * ```
 * Where code stands before the cursor and opens a block, the block's lines are deeper than the cursor's line, and a closing
 * bracket or word at its indentation is the block's last line, unless it opens the next part, as `} else {` does.
 */
export function stopAtBlockEnd({ index, lines, isComplete }: LineInText, context: StopContext): Stop | undefined {
  const line = lines[index]!;
  if (index === 0 || isBlank(line.text)) {
    return undefined;
  }
  const cut: Stop = { keep: endOfText(lines, index), reason: 'block-end' };
  const base = baseIndentation(context.linePrefix, lines);
  const width = indentationWidth(line.text);
  if (isBlank(context.linePrefix)) {
    return width < base ? cut : undefined;
  }
  if (width > base) {
    return undefined;
  }
  // Of a line that is still being written the first word may not be whole yet.
  const closer = CLOSING_LINE.exec(line.text)?.[1];
  if (closer === undefined || (/\w/.test(closer) && !WORD_OPENER.test(context.linePrefix))) {
    return isDueLater(line.text, isComplete, context.linePrefix) ? undefined : cut;
  }
  const nextLine = firstFilledLine(context.suffix);
  if (nextLine !== undefined && indentationWidth(nextLine) === base && nextLine.trim().startsWith(closer)) {
    return cut;
  }
  return isComplete && !GOES_ON.test(line.text) ? { keep: line.end, reason: 'block-end' } : undefined;
}

function isDueLater(line: string, isComplete: boolean, linePrefix: string): boolean {
  const isTry = /^\s*try\s*:\s*$/.test(linePrefix);
  return (isTry && HANDLER.test(line)) || (!isComplete && couldBecome(line, isTry, linePrefix));
}

/** The beginning of a word that may not be cut before it is known. */
function couldBecome(line: string, isTry: boolean, linePrefix: string): boolean {
  const word = line.trim();
  const words = [
    ...(isTry ? ['except', 'finally'] : []),
    ...(WORD_OPENER.test(linePrefix) ? ['end', 'done', 'fi', 'esac'] : []),
  ];
  return words.some((candidate) => candidate.startsWith(word));
}
