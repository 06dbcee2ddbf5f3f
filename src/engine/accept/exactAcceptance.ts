import type { DraftTree } from '../draft/draftTree.ts';
import type { RowScores } from '../targetModel.ts';
import type { AcceptanceRule, AcceptedPath } from './acceptanceRule.ts';

/**
 * Keeps a drafted token only where it is the target model's arg-max, so that the text is what plain greedy decoding writes.
 *
 * Source: speculative sampling at temperature 0 (arXiv 2211.17192 §2), over a tree (arXiv 2401.10774 §2.2).
 */
export const exactAcceptance: AcceptanceRule = { mode: 'exact', accept: acceptExactly };

function acceptExactly(draft: DraftTree, scores: readonly RowScores[]): AcceptedPath {
  const nodes: number[] = [];
  let row = 0;
  for (;;) {
    const wanted = scores[row]!.topIds[0]!;
    const parent = row - 1;
    const next = draft.tokens.findIndex((token, node) => draft.parents[node] === parent && token === wanted);
    if (next === -1) {
      return { nodes, bonusToken: wanted };
    }
    nodes.push(next);
    row = next + 1;
  }
}
