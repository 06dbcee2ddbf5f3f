import type { DraftTree } from './draftTree.ts';

/** Values of the setting `foretoken.draft.method`. */
export const DRAFT_METHODS = ['auto', 'off', 'lookup', 'medusa', 'mtp'] as const;
export type DraftMethod = (typeof DRAFT_METHODS)[number];

/** Texts of one request in document order; prompts are laid out otherwise, and drafting must not depend on that. */
export interface DraftContext {
  /** Ids of the text before the cursor, up to where generation starts (a healed word is generated again). */
  readonly before: readonly number[];
  /** Ids of the text after the cursor. */
  readonly after: readonly number[];
  /** Ids of other texts worth copying from, best first: other open files, earlier suggestions. */
  readonly others: readonly (readonly number[])[];
}

/** What is known when a draft is due. */
export interface DraftStep {
  /** Tokens generated so far. */
  readonly generated: readonly number[];
  /** The last known token, which is not in the cache yet: the last generated one, or the prompt's, which may be a control token. */
  readonly lastToken: number;
  /** Most nodes that can be of use. */
  readonly maxNodes: number;
  /** Whether one more guess pays: the tokens it adds, the milliseconds to make it, and its place in the chain, from 1. */
  isWorth(expectedTokens: number, draftMs: number, node: number): boolean;
  /**
   * Final hidden states of the last `count` committed tokens or as many as there are, row-major `(rows, hidden size)`. The
   * last row is that of the token before the last known one. Undefined when the runtime does not keep them.
   */
  hiddenStates(count: number): HiddenStates | undefined;
}

export interface HiddenStates {
  readonly rows: Float32Array;
  /** Tokens of these rows: `tokens[i]` was the input of row `i`. */
  readonly tokens: readonly number[];
}

/**
 * One drafting method: guesses what the target model will write next. A guess may be wrong, never costly.
 *
 * `begin` comes once per request, then `propose` before each forward that may verify a draft, and `end` when the text is whole
 * and may serve later requests (not for measurements, which must not find their own text again).
 */
export interface Drafter {
  readonly method: DraftMethod;
  begin(context: DraftContext): void;
  /** A tree of at most `step.maxNodes` nodes; an empty one means plain decoding for this step. */
  propose(step: DraftStep): DraftTree | Promise<DraftTree>;
  end?(generated: readonly number[]): void;
}
