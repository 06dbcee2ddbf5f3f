/**
 * Where a completion ends. The model does not stop by itself (an instruction-tuned 0.5B ended 0 of 30 blocks), so the rules
 * look at the text so far after every token and cut it at the first sign that it left the gap it was to fill.
 */
import { splitLines } from './lines.ts';
import { stopAtBlockEnd } from './stopAtBlockEnd.ts';
import { stopAtCodeFence } from './stopAtCodeFence.ts';
import { stopAtLineEnd } from './stopAtLineEnd.ts';
import { stopAtLineLimit } from './stopAtLineLimit.ts';
import { stopAtLoopInLine } from './stopAtLoopInLine.ts';
import { stopAtNextStatement } from './stopAtNextStatement.ts';
import { stopAtRepetition } from './stopAtRepetition.ts';
import { stopAtSuffix } from './stopAtSuffix.ts';
import type { Stop, StopContext, StopRule } from './stopRule.ts';

export type { Stop, StopContext, StopReason } from './stopRule.ts';

/** In order: the first that ends the text at a line gives the reason. */
const STOP_RULES: readonly StopRule[] = [
  stopAtLineEnd,
  stopAtBlockEnd,
  stopAtNextStatement,
  stopAtSuffix,
  stopAtCodeFence,
  stopAtRepetition,
  stopAtLoopInLine,
  stopAtLineLimit,
];

/** The first place where a rule ends the text, or undefined when it may go on. Called with each longer text in turn. */
export function findStop(text: string, context: StopContext): Stop | undefined {
  const lines = splitLines(text);
  for (let index = 0; index < lines.length; index++) {
    const at = { index, lines, isComplete: index < lines.length - 1 };
    for (const rule of STOP_RULES) {
      const stop = rule(at, context);
      if (stop !== undefined) {
        return stop;
      }
    }
  }
  return undefined;
}
