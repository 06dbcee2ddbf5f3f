import type { DraftContext, Drafter, DraftStep } from './drafter.ts';
import type { DraftTree } from './draftTree.ts';
import { survivalChances } from './draftTree.ts';
import { mergeDrafts } from './mergeDrafts.ts';

/** Weight of one more observation in what is known about the draft head. */
const HEAD_WEIGHT = 0.05;

/**
 * Looks up first, since that costs nothing, and asks the draft head where it is likely to add more than its time is worth;
 * what both say becomes one tree, of which the controller verifies the part that pays.
 */
export class AutoDrafter implements Drafter {
  readonly method = 'auto';
  private readonly lookup: Drafter;
  private readonly head: Drafter | undefined;
  private readonly now: () => number;
  /** Running means over the head's drafts: tokens that they add to a step, and time. Optimistic at first, so that it is tried. */
  private headTokens = 0.6;
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
    const foundChance = rootChance(found);
    if (this.head === undefined || !step.isWorth(this.headTokens * (1 - foundChance), this.headMs, 1)) {
      return found;
    }
    const startMs = this.now();
    const guessed = await this.head.propose(step);
    this.headMs += HEAD_WEIGHT * (this.now() - startMs - this.headMs);
    this.headTokens += HEAD_WEIGHT * (expectedTokens(guessed) - this.headTokens);
    return mergeDrafts(found, guessed);
  }
}

function expectedTokens(draft: DraftTree): number {
  return survivalChances(draft).reduce((sum, chance) => sum + chance, 0);
}

/** Chance that the next token is among the drafted ones. */
function rootChance(draft: DraftTree): number {
  return draft.reduce((sum, { parent, chance }) => (parent === -1 ? sum + chance : sum), 0);
}
