import type { LineInText, Stop } from './stopRule.ts';

const MAX_UNIT_CHARS = 24;
const MIN_ROUNDS = 8;
const MIN_LOOP_CHARS = 32;
/** One character over and over is a ruler or an alignment for longer than anything else. */
const MIN_RULER_CHARS = 100;

/** The same few characters over and over within a line, as in `0, 0, 0, 0, …`: a loop. The first round is kept. */
export function stopAtLoopInLine({ index, lines }: LineInText): Stop | undefined {
  const { text, start } = lines[index]!;
  let earliest: { readonly end: number; readonly keep: number } | undefined;
  for (let unit = 1; unit <= MAX_UNIT_CHARS; unit++) {
    const length = unit === 1 ? MIN_RULER_CHARS : unit * Math.max(MIN_ROUNDS, Math.ceil(MIN_LOOP_CHARS / unit));
    const end = endOfLoop(text, unit, length);
    if (end !== undefined && (earliest === undefined || end < earliest.end)) {
      earliest = { end, keep: start + end - length + unit };
    }
  }
  return earliest === undefined ? undefined : { keep: earliest.keep, reason: 'line-repeats' };
}

/** Where the first stretch of `length` characters that repeats its first `unit` ends; a unit of one character is its own case. */
function endOfLoop(text: string, unit: number, length: number): number | undefined {
  let repeated = 0;
  for (let at = unit; at < text.length; at++) {
    repeated = text[at] === text[at - unit] ? repeated + 1 : 0;
    const first = at + 1 - unit;
    if (repeated >= length - unit && (unit === 1 || new Set(text.slice(first, at + 1)).size > 1)) {
      return at + 1;
    }
  }
  return undefined;
}
