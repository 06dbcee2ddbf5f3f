import type { DraftTree } from '../draft/draftTree.ts';
import type { RowScores } from '../targetModel.ts';
import type { AcceptanceRule, AcceptedPath } from './acceptanceRule.ts';

/**
 * Keeps a drafted token only where it is the target model's arg-max, so that the text is what plain greedy decoding writes.
 *
 * Source: speculative sampling at temperature 0 (arXiv 2211.17192 §2), over a tree (arXiv 2401.10774 §2.2).
 */
export const exactAcceptance: AcceptanceRule = {
  dependsOnRowsAlone: true,
  needsDraftedLogits: false,
  chooseToken: (scores) => scores.topIds[0]!,
  accept: (draft, scores) => acceptPath(draft, scores, (row) => row.topIds[0]!),
};

/**
 * Descends from the root as long as the token chosen at a row was drafted after it; the first that was not is the bonus
 * token. `chooseToken` also sees what was drafted after its row.
 */
export function acceptPath(
  draft: DraftTree,
  scores: readonly RowScores[],
  chooseToken: (scores: RowScores, drafted: readonly number[]) => number,
): AcceptedPath {
  const nodes: number[] = [];
  let parent = -1;
  for (;;) {
    const children = childrenOf(draft, parent);
    const chosen = chooseToken(
      scores[parent + 1]!,
      children.map((child) => draft[child]!.token),
    );
    const next = children.find((child) => draft[child]!.token === chosen);
    if (next === undefined) {
      return { nodes, bonusToken: chosen };
    }
    nodes.push(next);
    parent = next;
  }
}

function childrenOf(draft: DraftTree, parent: number): readonly number[] {
  return Array.from(draft.keys()).filter((node) => draft[node]!.parent === parent);
}
