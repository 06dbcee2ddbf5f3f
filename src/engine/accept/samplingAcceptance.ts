import type { RowScores } from '../targetModel.ts';
import type { AcceptanceRule } from './acceptanceRule.ts';
import { acceptPath } from './exactAcceptance.ts';

export interface SamplingOptions {
  /** Above 0; 1 leaves the model's own distribution, less sharpens it. For 0 use `exactAcceptance`. */
  readonly temperature: number;
  /** Uniform in [0, 1), independent of what is drafted. */
  readonly random: () => number;
}

/** A token that can still be drawn, with its weight; weights need not sum to 1. */
type Weights = Map<number, number>;

/**
 * Draws every token from the target model's distribution over a row's `topIds` (top-k sampling), renormalised at the given
 * temperature; drafts make that faster and leave the distribution of texts as it is.
 *
 * Recursive rejection: the children of a row are tried in order; child c is kept with probability p(c) / m, m being the
 * mass that is left (1 at first); otherwise it is taken out of p and m. When no child is kept, the token is drawn from what
 * is left of p.
 *
 * Theorem: the token after a row is distributed as p. Proof: the i-th child c_i is reached with probability
 * Π_{j<i} (1 − p(c_j) / m_j) = m_i, since m_{j+1} = m_j − p(c_j), and kept with p(c_i) / m_i: together p(c_i). Any other x
 * is drawn with m · p(x) / m = p(x) after the last rejection. By induction along the path the whole text has the
 * distribution of plain sampling, for any drafter that does not see the random numbers to come.
 *
 * Source: arXiv 2211.17192 (§2.3, appendix A.1) and 2302.01318 (theorem 1), with a draft as a proposal whose whole mass is
 * on one token, so that min(1, p/q) is p(c) and norm(max(0, p − q)) is p without c; repeated over siblings as in
 * arXiv 2305.09781 (multi-step speculative sampling).
 */
export function samplingAcceptance({ temperature, random }: SamplingOptions): AcceptanceRule {
  if (!(temperature > 0)) {
    throw new RangeError(`the sampling temperature must be above 0, not ${temperature}`);
  }
  const choose = (scores: RowScores, drafted: readonly number[]): number =>
    drawToken(weightsOf(scores, temperature), drafted, random);
  return {
    dependsOnRowsAlone: false,
    needsDraftedLogits: false,
    chooseToken: (scores) => choose(scores, []),
    accept: (draft, scores) => acceptPath(draft, scores, choose),
  };
}

function weightsOf({ topIds, topLogits }: RowScores, temperature: number): Weights {
  return new Map(topIds.map((id, rank) => [id, Math.exp((topLogits[rank]! - topLogits[0]!) / temperature)]));
}

function drawToken(weights: Weights, drafted: readonly number[], random: () => number): number {
  for (const token of drafted) {
    const weight = weights.get(token);
    if (weight === undefined) {
      continue;
    }
    if (random() * total(weights) < weight) {
      return token;
    }
    weights.delete(token);
  }
  let left = random() * total(weights);
  for (const [token, weight] of weights) {
    left -= weight;
    if (left < 0) {
      return token;
    }
  }
  // Rounding has left a trace of the mass over: it belongs to the last token.
  return Array.from(weights.keys()).at(-1)!;
}

function total(weights: Weights): number {
  let sum = 0;
  for (const weight of weights.values()) {
    sum += weight;
  }
  return sum;
}
