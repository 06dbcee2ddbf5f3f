import type { DraftTree } from '../draft/draftTree.ts';
import { bestPath } from '../draft/draftTree.ts';

export interface PlanLimits {
  /** 0 or more. */
  readonly maxNodes: number;
  /** Tokens that end the text or the line that is wanted: nothing drafted after one can be of use. */
  readonly isLast: (token: number) => boolean;
  /** Nodes must follow each other in one line (`TargetModel.keepsTreePaths`). */
  readonly chainsOnly: boolean;
  /** Nodes that are less likely than this, given their parents, are left out with all that hangs below them. Defaults to 0. */
  readonly minChance?: number;
}

/** What one verified step showed. */
export interface VerifiedStep {
  /** The draft as the drafter proposed it, before the planner cut it. */
  readonly proposed: DraftTree;
  /** Rows of the forward, the last known token's included. */
  readonly rows: number;
  /** Tokens the target model wrote in this step, the bonus token included: one at least. */
  readonly written: readonly number[];
  readonly draftMs: number;
  readonly verifyMs: number;
}

/** Decides how much of a proposed draft is verified, and learns from what came of it. */
export interface DraftPlanner {
  /**
   * Whether drafting on pays: milliseconds of drafting, and one more row in a forward that would then have `rows` rows, for so
   * many more expected tokens.
   */
  isWorth(expectedTokens: number, draftMs: number, rows: number): boolean;
  /** The part of the draft that is worth its rows: nodes with their ancestors, in the order they were in. */
  choose(proposed: DraftTree, limits: PlanLimits): DraftTree;
  observe(step: VerifiedStep): void;
}

/** Verifies whatever is proposed, up to the limits, and learns nothing. */
export const wholeDraftPlanner: DraftPlanner = {
  isWorth: () => true,
  choose: (proposed, limits) => usableDraft(proposed, limits).slice(0, limits.maxNodes),
  observe() {},
};

/** The draft without nodes that cannot be of use, cannot be kept, or are too unlikely. */
export function usableDraft(proposed: DraftTree, { isLast, chainsOnly, minChance = 0 }: PlanLimits): DraftTree {
  const open = cutUnlikely(cutAfterLast(proposed, isLast), minChance);
  return chainsOnly ? bestPath(open) : open;
}

/** Leaves out what hangs below a token that ends the text. */
function cutAfterLast(draft: DraftTree, isLast: (token: number) => boolean): DraftTree {
  return cutWhere(draft, ({ parent }) => parent !== -1 && isLast(draft[parent]!.token));
}

function cutUnlikely(draft: DraftTree, minChance: number): DraftTree {
  return minChance === 0 ? draft : cutWhere(draft, ({ chance }) => chance < minChance);
}

/** Leaves out the nodes that satisfy the condition, and what hangs below them. */
function cutWhere(draft: DraftTree, isCut: (node: DraftTree[number]) => boolean): DraftTree {
  const cut = new Set<number>();
  draft.forEach((node, index) => {
    if (cut.has(node.parent) || isCut(node)) {
      cut.add(index);
    }
  });
  return cut.size === 0 ? draft : selectNodes(draft, (node) => !cut.has(node));
}

/** The tree of the nodes that satisfy the condition; a node whose parent does not must not satisfy it either. */
export function selectNodes(draft: DraftTree, isKept: (node: number) => boolean): DraftTree {
  const newIndex = new Map<number, number>([[-1, -1]]);
  const kept: DraftTree[number][] = [];
  draft.forEach((node, index) => {
    if (isKept(index)) {
      newIndex.set(index, kept.length);
      kept.push({ ...node, parent: newIndex.get(node.parent)! });
    }
  });
  return kept;
}
