import type { KeyValueCache, RowScores, TargetModel } from '../../src/engine/targetModel.ts';
import { chainRows } from '../../src/engine/targetModel.ts';

/** What the trunk makes of a prompt and a completion: everything that training a draft head needs of it. */
export interface ScoredSequence {
  /** Tokens of the kept rows: the end of the prompt, then the completion. */
  readonly tokens: readonly number[];
  /** Position of the first kept row in the model's context. */
  readonly firstPosition: number;
  /** Kept row from which on rows are scored: the last of the prompt, which chooses the completion's first token. */
  readonly firstScoredRow: number;
  /** Final hidden states after the last norm, `(kept rows, hidden size)`. */
  readonly hiddenStates: Float32Array;
  /** One entry per scored row. */
  readonly scores: readonly RowScores[];
}

/** Rows of a forward whose scores are wanted: 64 rows of logits are 39 MB in the default model. */
const SCORED_ROWS = 64;

/**
 * Runs a prompt and its completion through the trunk as one text and keeps the last `window` rows of the prompt and all rows of
 * the completion.
 *
 * What the cache already holds is used again; it ends with the whole text. Rows are the same, bit for bit, however they are
 * split over forwards (ARCHITECTURE.md, measured facts).
 */
export async function scoreSequence(
  target: TargetModel,
  cache: KeyValueCache,
  prompt: readonly number[],
  completion: readonly number[],
  window: number,
): Promise<ScoredSequence> {
  const text = [...prompt, ...completion];
  const firstScored = prompt.length - 1;
  cache.truncate(Math.min(commonPrefixLength(cache.tokens, text), firstScored));
  for (let start = cache.tokens.length; start < firstScored; start += target.prefillChunkTokens) {
    const chunk = text.slice(start, Math.min(start + target.prefillChunkTokens, firstScored));
    // A forward scores at least one row.
    await target.forward(cache, chainRows(chunk), { rows: [0], detail: 'top' });
    cache.commit([...chunk.keys()]);
  }
  const scores: RowScores[] = [];
  for (let start = firstScored; start < text.length; start += SCORED_ROWS) {
    const chunk = text.slice(start, start + SCORED_ROWS);
    const rows = [...chunk.keys()];
    scores.push(...(await target.forward(cache, chainRows(chunk), { rows, detail: 'top' })));
    cache.commit(rows);
  }
  const firstPosition = Math.max(0, prompt.length - window);
  const hiddenStates = cache.lastHiddenStates(text.length - firstPosition);
  if (hiddenStates === undefined) {
    throw new Error('the runtime keeps no hidden states on this device; collect on the CPU');
  }
  return {
    tokens: text.slice(firstPosition),
    firstPosition,
    firstScoredRow: firstScored - firstPosition,
    hiddenStates: hiddenStates.slice(),
    scores,
  };
}

function commonPrefixLength(left: readonly number[], right: readonly number[]): number {
  const limit = Math.min(left.length, right.length);
  let length = 0;
  while (length < limit && left[length] === right[length]) {
    length++;
  }
  return length;
}
