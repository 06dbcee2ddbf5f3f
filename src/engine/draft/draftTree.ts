/** Where a drafted token comes from. */
export const DRAFT_SOURCES = ['lookup', 'medusa', 'mtp'] as const;
export type DraftSource = (typeof DRAFT_SOURCES)[number];

/** One drafted token. */
export interface DraftNode {
  readonly token: number;
  /** Index of the node it follows, or -1 for the last known token. */
  readonly parent: number;
  readonly source: DraftSource;
  /**
   * Class of guesses of this source that are about as good as each other, such as "match of five tokens in the suffix".
   * Acceptance is counted per source and bucket.
   */
  readonly bucket: number;
  /** Estimated chance, 0–1, that the target model writes it, given that it wrote the parent. */
  readonly chance: number;
}

/** A drafted token and what came of it. */
export interface VerifiedNode extends DraftNode {
  readonly isAccepted: boolean;
}

/**
 * Drafted tokens as a tree below the last known token; a chain is its simplest case.
 *
 * Parents come before their children, so a node's index is also its order in the forward that verifies it. Children of one
 * node have different tokens.
 */
export type DraftTree = readonly DraftNode[];

export const EMPTY_DRAFT: DraftTree = [];

/** Chance of each node together with all its ancestors: what it adds to the expected number of accepted tokens. */
export function survivalChances(draft: DraftTree): readonly number[] {
  const survival: number[] = [];
  for (const node of draft) {
    survival.push(node.chance * (node.parent === -1 ? 1 : survival[node.parent]!));
  }
  return survival;
}

/** The path that goes to the most likely child at each node. */
export function bestPath(draft: DraftTree): DraftTree {
  const path: DraftTree[number][] = [];
  let parent = -1;
  for (;;) {
    let best = -1;
    draft.forEach((node, index) => {
      if (node.parent === parent && (best === -1 || node.chance > draft[best]!.chance)) {
        best = index;
      }
    });
    if (best === -1) {
      return path;
    }
    path.push({ ...draft[best]!, parent: path.length - 1 });
    parent = best;
  }
}
