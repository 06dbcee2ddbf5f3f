import type { Drafter, DraftStep } from './drafter.ts';
import type { ChanceEstimate, HeadGuesses, MedusaHead } from './draftHead.ts';
import { headBucket, priorChance } from './draftHead.ts';
import type { DraftNode, DraftTree } from './draftTree.ts';
import { EMPTY_DRAFT } from './draftTree.ts';

export interface MedusaOptions {
  /** Most nodes of a tree. Defaults to 8. */
  readonly maxNodes?: number;
}

interface Branch {
  readonly node: DraftNode;
  readonly depth: number;
  /** Chance that the target model writes the whole path down to the node. */
  readonly survival: number;
}

/** Drafts a tree from heads that all look at the last hidden state. */
export class MedusaDrafter implements Drafter {
  readonly method = 'medusa';
  private readonly head: MedusaHead;
  private readonly estimate: ChanceEstimate;
  private readonly maxNodes: number;

  constructor(head: MedusaHead, estimate: ChanceEstimate, options: MedusaOptions = {}) {
    this.head = head;
    this.estimate = estimate;
    this.maxNodes = options.maxNodes ?? 8;
  }

  begin(): void {}

  async propose(step: DraftStep): Promise<DraftTree> {
    const last = step.hiddenStates(1);
    if (last === undefined || last.tokens.length === 0) {
      return EMPTY_DRAFT;
    }
    const guesses = await this.head.run(last.rows, step.lastToken);
    return this.growTree(guesses, Math.min(step.maxNodes, this.maxNodes));
  }

  /**
   * The paths that are likeliest to survive, grown one node at a time (arXiv 2401.10774 §2.3.1): a path is never likelier
   * than its start, so the best nodes of all are always open.
   */
  private growTree(guesses: readonly HeadGuesses[], maxNodes: number): DraftTree {
    const tree: DraftNode[] = [];
    let open = this.branches(guesses, 0, -1, 1);
    while (tree.length < maxNodes && open.length > 0) {
      const best = open.reduce((left, right) => (right.survival > left.survival ? right : left));
      const index = tree.push(best.node) - 1;
      const below = this.branches(guesses, best.depth + 1, index, best.survival);
      open = [...open.filter((branch) => branch !== best), ...below];
    }
    return tree;
  }

  private branches(
    guesses: readonly HeadGuesses[],
    depth: number,
    parent: number,
    parentSurvival: number,
  ): readonly Branch[] {
    const { calibration } = this.head;
    const { ids, probabilities } = guesses[depth] ?? { ids: [], probabilities: [] };
    return ids.map((token, rank) => {
      const bucket = headBucket(calibration, depth, probabilities[rank]!);
      const chance = this.estimate(bucket, priorChance(calibration, bucket));
      return { node: { token, parent, source: 'medusa', bucket, chance }, depth, survival: parentSurvival * chance };
    });
  }
}
