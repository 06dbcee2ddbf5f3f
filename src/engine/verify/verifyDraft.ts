import type { DraftTree } from '../draft/draftTree.ts';
import type { ForwardRows } from '../targetModel.ts';

/**
 * Rows that verify a draft in one forward: row 0 is the last known token, which is not in the cache yet, row `i + 1` is
 * draft node `i`. The correction of the previous step thus costs no forward of its own.
 */
export function draftRows(lastToken: number, draft: DraftTree): ForwardRows {
  return {
    tokens: [lastToken, ...draft.map((node) => node.token)],
    parents: [-1, ...draft.map((node) => node.parent + 1)],
  };
}

/** Tokens drafted after each row of `draftRows`; an acceptance rule may want their logits. */
export function draftedAfterRows(draft: DraftTree): readonly (readonly number[])[] {
  const drafted: number[][] = Array.from({ length: draft.length + 1 }, () => []);
  for (const { token, parent } of draft) {
    drafted[parent + 1]!.push(token);
  }
  return drafted;
}
