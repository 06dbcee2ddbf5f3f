import type { DraftTree } from '../draft/draftTree.ts';
import type { ForwardRows } from '../targetModel.ts';

/**
 * Rows that verify a draft in one forward: row 0 is the last known token, which is not in the cache yet, row `i + 1` is
 * draft node `i`. The correction of the previous step thus costs no forward of its own.
 */
export function draftRows(lastToken: number, draft: DraftTree): ForwardRows {
  return {
    tokens: [lastToken, ...draft.tokens],
    parents: [-1, ...draft.parents.map((parent) => parent + 1)],
  };
}
