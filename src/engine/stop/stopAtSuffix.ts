import { firstFilledLine, isBlank } from './lines.ts';
import type { LineInText, Stop, StopContext } from './stopRule.ts';

/** The text has caught up with what already stands after the cursor. */
export function stopAtSuffix({ index, lines, isComplete }: LineInText, context: StopContext): Stop | undefined {
  const nextLine = firstFilledLine(context.suffix);
  if (!isComplete || nextLine === undefined) {
    return undefined;
  }
  const { text, start } = lines[index]!;
  const whole = index === 0 ? context.linePrefix + text : text;
  if (isBlank(whole) || whole.trimEnd() !== nextLine.trimEnd()) {
    return undefined;
  }
  return { keep: Math.max(0, start - 1), reason: 'suffix-repeats' };
}
