import type { DraftTree } from '../draft/draftTree.ts';
import type { RowScores } from '../targetModel.ts';
import type { AcceptanceRule, AcceptedPath } from './acceptanceRule.ts';

/**
 * Keeps a drafted token only where it is the target model's arg-max, so that the text is what plain greedy decoding writes.
 *
 * Source: speculative sampling at temperature 0 (arXiv 2211.17192 §2), over a tree (arXiv 2401.10774 §2.2).
 */
export const exactAcceptance: AcceptanceRule = {
  needsDraftedLogits: false,
  chooseToken: (scores) => scores.topIds[0]!,
  accept: (draft, scores) => acceptPath(draft, scores, (row) => row.topIds[0]!),
};

/** Descends from the root as long as the token chosen at a row was drafted after it; the first that was not is the bonus token. */
export function acceptPath(
  draft: DraftTree,
  scores: readonly RowScores[],
  chooseToken: (scores: RowScores) => number,
): AcceptedPath {
  const nodes: number[] = [];
  let parent = -1;
  for (;;) {
    const wanted = chooseToken(scores[parent + 1]!);
    const next = draft.findIndex((node) => node.parent === parent && node.token === wanted);
    if (next === -1) {
      return { nodes, bonusToken: wanted };
    }
    nodes.push(next);
    parent = next;
  }
}
