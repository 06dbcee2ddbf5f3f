import type { ScoredSequence } from './scoreSequence.ts';
import { halfTensor, integerTensor, writeTensorFile } from './tensorFile.ts';

/** Where a sequence's completion comes from: the file it was cut out of, or the trunk itself. */
export const CONTINUATIONS = ['middle', 'greedy'] as const;
export type Continuation = (typeof CONTINUATIONS)[number];

export interface ShardEntry {
  /** Index of the sample in its file. */
  readonly sample: number;
  readonly continuation: Continuation;
  readonly sequence: ScoredSequence;
}

/**
 * Writes the sequences of a few samples as one file. R = kept rows of all sequences, S = scored rows, H = hidden size, C = best
 * ids per scored row, n = sequences.
 *
 * - `sequences` I32 (n, 6): sample, continuation (index into `CONTINUATIONS`), rows, scored rows, first position, and
 *   first scored row, counted from the sequence's first.
 * - `tokens` I32 (R), `hidden` F16 (R, H), one sequence after the other.
 * - `top_ids` I32 (S, C), `top_probabilities` F16 (S, C): the trunk's best tokens after each scored row, best first.
 */
export function writeShard(file: string, entries: readonly ShardEntry[], hidden: number): void {
  const sequences = entries.map(({ sequence }) => sequence);
  const scores = sequences.flatMap((sequence) => sequence.scores);
  const rowCount = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const topCount = scores[0]?.topIds.length ?? 0;
  const table = entries.flatMap(({ sample, continuation, sequence }) => [
    sample,
    CONTINUATIONS.indexOf(continuation),
    sequence.tokens.length,
    sequence.scores.length,
    sequence.firstPosition,
    sequence.firstScoredRow,
  ]);
  const probabilities = scores.flatMap(({ topLogits, logSumExp }) =>
    topLogits.map((logit) => Math.exp(logit - logSumExp)),
  );
  writeTensorFile(file, {
    sequences: integerTensor([entries.length, 6], table),
    tokens: integerTensor(
      [rowCount],
      sequences.flatMap(({ tokens }) => tokens),
    ),
    hidden: halfTensor(
      [rowCount, hidden],
      sequences.map(({ hiddenStates }) => hiddenStates),
    ),
    top_ids: integerTensor(
      [scores.length, topCount],
      scores.flatMap(({ topIds }) => topIds),
    ),
    top_probabilities: halfTensor([scores.length, topCount], [Float32Array.from(probabilities)]),
  });
}
