/**
 * Where a completion ends. The model does not stop by itself (an instruction-tuned 0.5B ended 0 of 30 blocks), so these
 * rules look at the text so far after every token and cut it at the first sign that it left the gap it was to fill.
 */
import { indentationWidth, isBlank, splitLines } from './lines.ts';

export interface StopContext {
  /** The cursor's line, up to the cursor. */
  readonly linePrefix: string;
  /** Text after the cursor. */
  readonly suffix: string;
  /** Nothing past the end of the line that the completion writes on. */
  readonly singleLine: boolean;
  /** True where code fences belong to the text, as in Markdown. */
  readonly allowsCodeFence: boolean;
}

/** Why the text ends where it ends. The first two come from the decode loop, the others from the rules here. */
export type StopReason =
  | 'stop-token'
  | 'max-tokens'
  | 'line-end'
  | 'block-end'
  | 'suffix-repeats'
  | 'line-repeats'
  | 'code-fence';

export interface Stop {
  /** UTF-16 units of the text to keep. */
  readonly keep: number;
  readonly reason: StopReason;
}

/** The first place where a rule ends the text, or undefined when it may go on. Called with each longer text in turn. */
export function findStop(text: string, context: StopContext): Stop | undefined {
  const lines = splitLines(text);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const isComplete = index < lines.length - 1;
    const stop =
      stopAtLineEnd(index, lines, isComplete, context) ??
      stopAtBlockEnd(index, lines, isComplete, context) ??
      stopAtSuffix(index, line.text, line.start, isComplete, context) ??
      stopAtCodeFence(line.text, line.start, context) ??
      (isComplete ? stopAtRepetition(index, lines) : undefined);
    if (stop !== undefined) {
      return stop;
    }
  }
  return undefined;
}

type Lines = ReturnType<typeof splitLines>;

/** Single line: the end of the first line with something on it, or of the cursor's own line when text follows the cursor. */
function stopAtLineEnd(index: number, lines: Lines, isComplete: boolean, context: StopContext): Stop | undefined {
  if (!context.singleLine || !isComplete) {
    return undefined;
  }
  const line = lines[index]!;
  const hasRestOfLine = !isBlank(firstLine(context.suffix));
  if (isBlank(line.text) && !hasRestOfLine) {
    return undefined;
  }
  return { keep: line.end, reason: 'line-end' };
}

/**
 * The end of the block the cursor is in.
 * ```
 * def total(items):        base indentation 4 (blank before the cursor)
 *     ▮result = 0          line 0
 *     return result        indentation 4: goes on
 * print(total([]))         indentation 0: cut before this line
 * ```
 * Where code stands before the cursor and opens a block, the block's lines are deeper than the cursor's line, and a closing
 * bracket at its indentation is the block's last line.
 */
function stopAtBlockEnd(index: number, lines: Lines, isComplete: boolean, context: StopContext): Stop | undefined {
  const line = lines[index]!;
  if (index === 0 || isBlank(line.text)) {
    return undefined;
  }
  const cut: Stop = { keep: endOfText(lines, index), reason: 'block-end' };
  const base = indentationWidth(context.linePrefix);
  const width = indentationWidth(line.text);
  if (isBlank(context.linePrefix)) {
    return width < base ? cut : undefined;
  }
  if (width > base) {
    return undefined;
  }
  if (!/^[\s]*[}\])]/.test(line.text)) {
    return cut;
  }
  const nextLine = firstFilledLine(context.suffix);
  if (nextLine !== undefined && indentationWidth(nextLine) === base && nextLine.trim()[0] === line.text.trim()[0]) {
    return cut;
  }
  return isComplete ? { keep: line.end, reason: 'block-end' } : undefined;
}

/** The text has caught up with what already stands after the cursor. */
function stopAtSuffix(
  index: number,
  line: string,
  start: number,
  isComplete: boolean,
  context: StopContext,
): Stop | undefined {
  const nextLine = firstFilledLine(context.suffix);
  if (!isComplete || nextLine === undefined) {
    return undefined;
  }
  const whole = index === 0 ? context.linePrefix + line : line;
  if (isBlank(whole) || whole.trimEnd() !== nextLine.trimEnd()) {
    return undefined;
  }
  return { keep: Math.max(0, start - 1), reason: 'suffix-repeats' };
}

/** Chat instead of code: an instruction-tuned model at times explains itself in Markdown. */
function stopAtCodeFence(line: string, start: number, context: StopContext): Stop | undefined {
  if (context.allowsCodeFence || !line.trimStart().startsWith('```')) {
    return undefined;
  }
  return { keep: Math.max(0, start - 1), reason: 'code-fence' };
}

/** One to three lines written three times in a row: a loop. The first round is kept. */
function stopAtRepetition(index: number, lines: Lines): Stop | undefined {
  for (let period = 1; period <= 3; period++) {
    const first = index - 3 * period + 1;
    if (first < 0) {
      return undefined;
    }
    const isLoop = Array.from({ length: 2 * period }, (_, offset) => first + offset).every(
      (at) => lines[at]!.text === lines[at + period]!.text,
    );
    const hasText = lines.slice(first, first + period).some((line) => !isBlank(line.text));
    if (isLoop && hasText) {
      return { keep: lines[first + period - 1]!.end, reason: 'line-repeats' };
    }
  }
  return undefined;
}

/** End of the last filled line before line `index`. */
function endOfText(lines: Lines, index: number): number {
  for (let at = index - 1; at >= 0; at--) {
    if (!isBlank(lines[at]!.text)) {
      return lines[at]!.end;
    }
  }
  return 0;
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}

/** First line after the cursor's own that is not blank. */
function firstFilledLine(suffix: string): string | undefined {
  return splitLines(suffix)
    .slice(1)
    .find((line) => !isBlank(line.text))?.text;
}
