/**
 * What the engine needs from a model runtime. The decode loop and everything below it see token ids only; the runtime
 * behind this interface is ONNX Runtime in the worker and a lookup table in tests.
 */

import type { WrittenText } from './writtenText.ts';

/** Input rows of one forward. Row `i` extends row `parents[i]`, or the committed context where that is -1; parents come first. */
export interface ForwardRows {
  readonly tokens: readonly number[];
  /** Same length as `tokens`. A chain is `[-1, 0, 1, …]`. */
  readonly parents: readonly number[];
}

/** Which rows go through the output head, and how much of the result is copied out of the runtime. */
export interface ScoreRequest {
  /** Row indices, ascending, at least one. */
  readonly rows: readonly number[];
  /**
   * `top`: the best few ids with statistics, all computed in the graph. `logits`: the whole row as well, 0.6 MB each, which
   * only masked (healed) steps and reference checks need.
   */
  readonly detail: 'top' | 'logits';
  /** Token ids per scored row whose logits are wanted as well. */
  readonly wanted?: readonly (readonly number[])[];
}

/** Scores of one row: a distribution over the token that follows it. */
export interface RowScores {
  /** Best ids first; element 0 is the arg-max, ties to the lowest id. */
  readonly topIds: readonly number[];
  /** Logits of `topIds`; probability is `exp(logit - logSumExp)`. */
  readonly topLogits: readonly number[];
  readonly logSumExp: number;
  /** Nats. */
  readonly entropy: number;
  /** Logits of the row's `ScoreRequest.wanted` ids. */
  readonly wantedLogits?: ReadonlyMap<number, number>;
  /** `(vocabulary)`; present when asked for, valid until the next forward. */
  readonly logits?: Float32Array;
}

/**
 * The keys and values of one document's tokens.
 *
 * A forward computes its rows against the committed tokens and keeps them aside; `commit` makes the accepted ones part of
 * the context. Rejected rows need no rollback: the next forward drops them.
 */
export interface KeyValueCache {
  /** Committed token ids, in order; not to be changed by callers. */
  readonly tokens: readonly number[];
  /** What the last request wrote, if a later one may go on from it; kept by the decode loop. */
  written?: WrittenText | undefined;
  /** Bytes held, for the least-recently-used limit over documents. */
  readonly bytes: number;
  /** Keeps these rows of the last forward, a path from a root row, in order. */
  commit(rows: readonly number[]): void;
  /**
   * Final hidden states, after the last norm, of the last `count` committed tokens or as many as there are:
   * `(rows, hidden size)` row-major. Undefined when they are not kept.
   */
  lastHiddenStates(count: number): Float32Array | undefined;
  /** Forgets every committed token from `length` on. */
  truncate(length: number): void;
  dispose(): void;
}

export interface TargetModel {
  readonly vocabularySize: number;
  /** Most tokens one cache may hold. */
  readonly contextLength: number;
  /** Rows per prefill forward: large enough to be efficient, small enough that a cancellation is seen soon. */
  readonly prefillChunkTokens: number;
  /** Whether a cache can commit any path of a tree; otherwise only rows `0, 1, 2, …`, so that drafts must be chains. */
  readonly keepsTreePaths: boolean;
  createCache(): KeyValueCache;
  /**
   * Runs the rows after the cache's committed tokens; scores come back in the order of `request.rows`.
   *
   * Throws when the runtime fails or the rows do not fit the context; the cache's committed tokens stay valid.
   */
  forward(cache: KeyValueCache, rows: ForwardRows, request: ScoreRequest): Promise<readonly RowScores[]>;
  dispose(): Promise<void>;
}

/**
 * Natural logarithm of a token's probability. A token whose logit did not come back is less likely than the last of the
 * best few, whose probability stands for it.
 */
export function logProbability(scores: RowScores, token: number): number {
  return knownLogProbability(scores, token) ?? scores.topLogits.at(-1)! - scores.logSumExp;
}

/** The same, or undefined where the token's logit did not come back. */
export function knownLogProbability(scores: RowScores, token: number): number | undefined {
  const rank = scores.topIds.indexOf(token);
  const logit = rank === -1 ? (scores.wantedLogits?.get(token) ?? scores.logits?.[token]) : scores.topLogits[rank];
  return logit === undefined ? undefined : logit - scores.logSumExp;
}

/** Rows of a chain: each extends the one before it. */
export function chainRows(tokens: readonly number[]): ForwardRows {
  return { tokens, parents: tokens.map((_, index) => index - 1) };
}
