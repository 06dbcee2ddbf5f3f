import type { AcceptanceRule } from '../accept/acceptanceRule.ts';
import type { DraftTree } from '../draft/draftTree.ts';
import type { RowScores } from '../targetModel.ts';
import { logProbability } from '../targetModel.ts';
import type { DecodedToken, TokenMask, WrittenToken } from '../writtenText.ts';

/** The draft without nodes that the mask at their place forbids, and what hangs below them; it changes from token to token. */
export function allowedDraft(draft: DraftTree, mask: TokenMask | undefined): DraftTree {
  if (mask === undefined) {
    return draft;
  }
  /** By node: its place among the kept ones, and the mask below it. */
  const kept = new Map<number, { readonly place: number; readonly below: TokenMask | undefined }>([
    [-1, { place: -1, below: mask }],
  ]);
  const allowed: DraftTree[number][] = [];
  draft.forEach((node, index) => {
    const parent = kept.get(node.parent);
    if (parent !== undefined && parent.below?.allows(node.token) !== false) {
      kept.set(index, { place: allowed.length, below: parent.below?.after(node.token) });
      allowed.push({ ...node, parent: parent.place });
    }
  });
  return allowed;
}

/**
 * The accepted nodes and the tokens that are written, one more. While a mask is open, the best allowed token, accepted if it was drafted;
 * after that the rule decides. `scores` as in `AcceptanceRule.accept`, with whole rows of logits where there is a mask.
 */
export function acceptDraft(
  draft: DraftTree,
  scores: readonly RowScores[],
  acceptance: AcceptanceRule,
  mask: TokenMask | undefined,
): { readonly nodes: readonly number[]; readonly tokens: readonly WrittenToken[] } {
  const nodes: number[] = [];
  const tokens: WrittenToken[] = [];
  let parent = -1;
  for (let open = mask; open !== undefined; ) {
    const token = chooseToken(scores[parent + 1]!, acceptance, open);
    tokens.push({ ...token, mask: open });
    const above = parent;
    parent = draft.findIndex((node) => node.parent === above && node.token === token.id);
    if (parent === -1) {
      return { nodes, tokens };
    }
    nodes.push(parent);
    open = open.after(token.id);
  }
  const { tree, places } = below(draft, parent);
  const path = acceptance.accept(tree, [scores[parent + 1]!, ...places.map((place) => scores[place + 1]!)]);
  for (const node of path.nodes.map((place) => places[place]!)) {
    const { token } = draft[node]!;
    tokens.push({
      id: token,
      logProbability: logProbability(scores[draft[node]!.parent + 1]!, token),
      mask: undefined,
    });
    nodes.push(node);
  }
  const { bonusToken } = path;
  const bonusScores = scores[(nodes.at(-1) ?? -1) + 1]!;
  tokens.push({ id: bonusToken, logProbability: logProbability(bonusScores, bonusToken), mask: undefined });
  return { nodes, tokens };
}

/** The next token where nothing is drafted. */
export function chooseToken(scores: RowScores, acceptance: AcceptanceRule, mask: TokenMask | undefined): DecodedToken {
  if (mask === undefined) {
    const id = acceptance.chooseToken(scores);
    return { id, logProbability: logProbability(scores, id) };
  }
  const id = mask.bestAllowed(scores);
  return { id, logProbability: logProbability(scores, id) - logAllowedMass(scores, id, mask) };
}

/** Natural logarithm of the probability of what the mask allows: the allowed ones of the best few, and the chosen one. */
function logAllowedMass(scores: RowScores, chosen: number, mask: TokenMask): number {
  const allowed = scores.topIds.filter((id) => id === chosen || mask.allows(id));
  const ids = allowed.includes(chosen) ? allowed : [...allowed, chosen];
  return Math.log(ids.reduce((sum, id) => sum + Math.exp(logProbability(scores, id)), 0));
}

/** The nodes below one, as a tree of their own, and their places in the whole. */
function below(draft: DraftTree, root: number): { readonly tree: DraftTree; readonly places: readonly number[] } {
  if (root === -1) {
    return { tree: draft, places: [...draft.keys()] };
  }
  const newPlaces = new Map<number, number>([[root, -1]]);
  const places: number[] = [];
  const tree: DraftTree[number][] = [];
  draft.forEach((node, index) => {
    const parent = newPlaces.get(node.parent);
    if (parent !== undefined && index !== root) {
      newPlaces.set(index, places.length);
      places.push(index);
      tree.push({ ...node, parent });
    }
  });
  return { tree, places };
}
