import { isBlank } from './lines.ts';
import type { LineInText, Stop, StopContext } from './stopRule.ts';

/** The end of the last line that is allowed; blank lines are not counted. */
export function stopAtLineLimit({ index, lines, isComplete }: LineInText, context: StopContext): Stop | undefined {
  const line = lines[index]!;
  if (context.maxLines === undefined || !isComplete || isBlank(line.text)) {
    return undefined;
  }
  const filledLines = lines.slice(0, index + 1).filter(({ text }) => !isBlank(text)).length;
  return filledLines < context.maxLines ? undefined : { keep: line.end, reason: 'line-limit' };
}
