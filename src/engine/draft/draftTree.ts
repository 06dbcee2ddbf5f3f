/**
 * Drafted tokens as a tree below the last known token; a chain is its simplest case.
 *
 * Node `i` follows node `parents[i]`, or the last known token where that is -1. Parents come before their children, so a
 * node's index is also its order in the forward that verifies it.
 */
export interface DraftTree {
  readonly tokens: readonly number[];
  readonly parents: readonly number[];
}

export const EMPTY_DRAFT: DraftTree = { tokens: [], parents: [] };
