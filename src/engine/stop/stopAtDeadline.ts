import { endOfText, splitLines } from './lines.ts';
import type { Stop } from './stopRule.ts';

/**
 * Where a text ends whose time is over: after its last whole line. Undefined while no line is whole: half a line is of no use,
 * so the first one is written to its end, however late.
 */
export function stopAtDeadline(text: string): Stop | undefined {
  const lines = splitLines(text);
  const keep = endOfText(lines, lines.length - 1);
  return keep === 0 ? undefined : { keep, reason: 'deadline' };
}
