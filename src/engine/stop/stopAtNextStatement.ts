import { baseIndentation, endOfText, indentationWidth, isBlank, splitLines } from './lines.ts';
import type { LineInText, Stop, StopContext } from './stopRule.ts';

const OPENS_BLOCK = /([{([:]|=>|->|\b(then|do|else|begin))\s*(\|[^|]*\|)?\s*$/;
/** Comments, decorators and attributes belong to what follows them. */
const LEADS_IN = /^\s*(\/\/|\/\*|\*|#|--|"""|'''|@|\[\w|<!--)/;
/** Goes on with the statement above: a closing bracket or word, the next branch, a chained call, an operator. */
const BELONGS_ABOVE =
  /^\s*([}\])]|[{.?&|+]|:|(else|elif|elsif|except|finally|catch|rescue|ensure|when|case|default|end|done|fi|esac|where)\b)/;

/**
 * One statement where one was asked for. An empty block is filled whole; elsewhere the text ends after a paragraph, and where
 * the next statement stands right below the cursor, after the first statement with its block.
 * ```
 * total = 0
 * ▮for item in items:         line 0
 *     total += item           deeper: goes on
 * count = len(items)          next statement: cut before this line
 * return total / count        (stands in the file)
 * ```
 */
export function stopAtNextStatement({ index, lines, isComplete }: LineInText, context: StopContext): Stop | undefined {
  const { linePrefix, lineAbove } = context;
  const line = lines[index]!.text;
  if (lineAbove === undefined || index === 0 || isBlank(line) || !isBlank(linePrefix)) {
    return undefined;
  }
  const base = baseIndentation(linePrefix, lines);
  const isEmptyBlock = OPENS_BLOCK.test(lineAbove) && indentationWidth(lineAbove) < base;
  const isNext = indentationWidth(line) === base && !BELONGS_ABOVE.test(line);
  // Of a line that is still being written the first word may not be whole yet.
  if (isEmptyBlock || !isNext || (!isComplete && /^\s*\w+$/.test(line))) {
    return undefined;
  }
  const written = lines.slice(0, index).filter(({ text }) => !isBlank(text));
  const hasStatement = written.some(({ text }) => !LEADS_IN.test(text));
  const followsLeadIn = LEADS_IN.test(lines[index - 1]!.text);
  if (!hasStatement || followsLeadIn) {
    return undefined;
  }
  const isNewParagraph = isBlank(lines[index - 1]!.text);
  return isNewParagraph || standsAboveStatement(context.suffix, base)
    ? { keep: endOfText(lines, index), reason: 'statement-end' }
    : undefined;
}

/** Whether the line right below the cursor's is the next statement of its block. */
function standsAboveStatement(suffix: string, base: number): boolean {
  const below = splitLines(suffix)[1]?.text ?? '';
  return !isBlank(below) && indentationWidth(below) === base && !BELONGS_ABOVE.test(below);
}
