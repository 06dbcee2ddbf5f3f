import type { GeneratedText } from '../../inference/protocol.ts';

/**
 * The account of a text that two requests wrote: one its beginning, and one the whole, which begins with what the first had written
 * (or writes it again, where that could not be taken over).
 */
export function joinGenerated(beginning: GeneratedText, whole: GeneratedText): GeneratedText {
  const ms = { ...beginning.ms };
  for (const part of Object.keys(ms) as (keyof typeof ms)[]) {
    ms[part] += whole.ms[part];
  }
  const [first, ...rest] = whole.trace?.steps ?? [];
  const isTakenOver = first !== undefined && first.nodes.length === 0 && first.forwardMs === 0;
  return {
    ...whole,
    freshTokens: beginning.freshTokens,
    forwards: beginning.forwards + whole.forwards,
    perStep: [...beginning.perStep, ...whole.perStep],
    ms,
    ...(isTakenOver && beginning.trace !== undefined && whole.trace !== undefined
      ? { trace: { ...whole.trace, steps: [...beginning.trace.steps, ...rest] } }
      : {}),
  };
}
