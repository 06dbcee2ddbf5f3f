import type { DraftContext, Drafter, DraftStep } from './drafter.ts';
import type { DraftTree } from './draftTree.ts';
import { bestPath, survivalChances } from './draftTree.ts';
import { mergeDrafts } from './mergeDrafts.ts';

/** Drafts of the head that are remembered, and the weight of one more in its usual time. */
const HEAD_DRAFTS = 32;
const TIME_WEIGHT = 0.05;

/**
 * Looks up first, since that costs nothing, and asks the draft head only if its last 32 drafts would, on average, have added more
 * expected tokens to what was found than their time is worth; what both say becomes one tree, of which the planner verifies the
 * part that pays.
 */
export class AutoDrafter implements Drafter {
  readonly method = 'auto';
  private readonly lookup: Drafter;
  private readonly head: Drafter | undefined;
  private readonly now: () => number;
  /** Expected tokens of the head's last drafts. Optimistic at first, so that it is tried. */
  private readonly headTokens: number[] = [0.6];
  private headMs = 0;

  constructor(lookup: Drafter, head: Drafter | undefined, now: () => number) {
    this.lookup = lookup;
    this.head = head;
    this.now = now;
  }

  begin(context: DraftContext): void {
    this.lookup.begin(context);
    this.head?.begin(context);
  }

  end(generated: readonly number[]): void {
    this.lookup.end?.(generated);
  }

  async propose(step: DraftStep): Promise<DraftTree> {
    const found = await this.lookup.propose(step);
    if (this.head === undefined || !step.isWorth(this.gainOver(expectedTokens(found)), this.headMs, 1)) {
      return found;
    }
    const startMs = this.now();
    const guessed = await this.head.propose(step);
    this.headMs += TIME_WEIGHT * (this.now() - startMs - this.headMs);
    this.headTokens.push(expectedTokens(guessed));
    if (this.headTokens.length > HEAD_DRAFTS) {
      this.headTokens.shift();
    }
    return mergeDrafts(found, guessed);
  }

  /** What the head usually adds where so many tokens are expected without it: one of two chains is verified, so only the excess counts. */
  private gainOver(foundTokens: number): number {
    const gains = this.headTokens.map((tokens) => Math.max(0, tokens - foundTokens));
    return gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  }
}

/** Of the likeliest path. */
function expectedTokens(draft: DraftTree): number {
  return survivalChances(bestPath(draft)).reduce((sum, chance) => sum + chance, 0);
}
