import type { DraftTree } from '../draft/draftTree.ts';
import type { RowScores } from '../targetModel.ts';
import { logProbability } from '../targetModel.ts';
import type { AcceptanceRule, AcceptedPath } from './acceptanceRule.ts';

export interface TypicalOptions {
  /** ε: a token that is at least this probable may stand, however sure the model is of another one. */
  readonly threshold: number;
  /** δ: the less sure the model is, the lower the bound, `δ·exp(−entropy)`. Defaults to the square root of `threshold`. */
  readonly delta?: number;
}

/** A kept node, with its path from the root. */
interface KeptNode {
  readonly path: readonly number[];
  readonly logProbability: number;
}

/**
 * Keeps a drafted token x where p(x) > min(ε, δ·exp(−H(p))), H being the entropy in nats, or where it is the arg-max. Of
 * several paths the longest wins, of equally long ones the most probable. The text may differ from that of greedy decoding;
 * what is not drafted is chosen greedily.
 *
 * Since the arg-max always stands, no step keeps fewer tokens than under `exactAcceptance`. The two are the same for
 * ε ≥ 1 and an unbounded δ; ε = 1 alone is not enough, because exp(−H) is below the second probability of a flat row.
 *
 * Source: arXiv 2401.10774 §2.3.1. There the first token of a step is the greedy one; here it is the bonus token of the
 * step before, so every drafted token is under the rule.
 */
export function typicalAcceptance(options: TypicalOptions): AcceptanceRule {
  const { threshold, delta = Math.sqrt(threshold) } = options;
  const stands = (scores: RowScores, token: number): boolean =>
    token === scores.topIds[0] ||
    Math.exp(logProbability(scores, token)) > Math.min(threshold, delta * Math.exp(-scores.entropy));
  return {
    dependsOnRowsAlone: false,
    needsDraftedLogits: true,
    chooseToken: (scores) => scores.topIds[0]!,
    accept: (draft, scores) => acceptLongestPath(draft, scores, stands),
  };
}

function acceptLongestPath(
  draft: DraftTree,
  scores: readonly RowScores[],
  stands: (scores: RowScores, token: number) => boolean,
): AcceptedPath {
  let best: KeptNode = { path: [], logProbability: 0 };
  const kept = new Map<number, KeptNode>([[-1, best]]);
  // Parents come first, so a parent that is not in the map by now has been rejected.
  draft.forEach(({ token, parent }, node) => {
    const above = kept.get(parent);
    const row = scores[parent + 1]!;
    if (above === undefined || !stands(row, token)) {
      return;
    }
    const reached = {
      path: [...above.path, node],
      logProbability: above.logProbability + logProbability(row, token),
    };
    kept.set(node, reached);
    if (isBetter(reached, best)) {
      best = reached;
    }
  });
  const end = best.path.at(-1) ?? -1;
  return { nodes: best.path, bonusToken: scores[end + 1]!.topIds[0]! };
}

function isBetter(left: KeptNode, right: KeptNode): boolean {
  if (left.path.length !== right.path.length) {
    return left.path.length > right.path.length;
  }
  return left.logProbability > right.logProbability;
}
