import type { DraftTree } from './draftTree.ts';

/** Values of the setting `foretoken.draft.method`. */
export const DRAFT_METHODS = ['auto', 'off', 'lookup', 'medusa', 'mtp'] as const;
export type DraftMethod = (typeof DRAFT_METHODS)[number];

/** One drafting method: guesses what the target model will write next. A guess may be wrong, never costly. */
export interface Drafter {
  readonly method: DraftMethod;
  /**
   * Called by the decode loop before each forward, with all tokens known so far (prompt and accepted ones, the last one not
   * yet in the cache) and the most nodes the draft may have. An empty tree means plain decoding for this step.
   */
  propose(known: readonly number[], maxNodes: number): DraftTree;
}
