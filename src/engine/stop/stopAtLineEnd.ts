import { firstLine, isBlank } from './lines.ts';
import type { LineInText, Stop, StopContext } from './stopRule.ts';

/** Single line: the end of the first line with something on it, or of the cursor's own line when text follows the cursor. */
export function stopAtLineEnd({ index, lines, isComplete }: LineInText, context: StopContext): Stop | undefined {
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
