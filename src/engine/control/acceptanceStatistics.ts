import type { DraftSource, DraftTree } from '../draft/draftTree.ts';

/** Observations that a prior is worth: few enough that a machine's own text speaks after a few suggestions. */
const PRIOR_WEIGHT = 8;
/** Observations kept per bucket; older ones fade, because what is typed changes. */
const WINDOW = 400;

/** `[tried, accepted]` by `source:bucket`; both fade, so they need not be whole. */
export type AcceptanceCounts = Readonly<Record<string, readonly [tried: number, accepted: number]>>;

/**
 * How often drafted tokens turned out right, per source and bucket of the drafter's own choosing.
 *
 * Every proposed node whose parent was written is scored, drafted or not: what the target model wrote next is known either
 * way, so that a guess which was not worth its row still teaches (full information instead of a bandit, arXiv 2510.20064).
 */
export class AcceptanceStatistics {
  private readonly counts = new Map<string, [tried: number, accepted: number]>();

  constructor(counts: AcceptanceCounts = {}) {
    for (const [key, [tried, accepted]] of Object.entries(counts)) {
      this.counts.set(key, [tried, accepted]);
    }
  }

  /** Estimated chance of a guess in this bucket; `prior` is what the drafter believes without observations. */
  chance(source: DraftSource, bucket: number, prior: number): number {
    const [tried, accepted] = this.counts.get(keyOf(source, bucket)) ?? [0, 0];
    return (PRIOR_WEIGHT * prior + accepted) / (PRIOR_WEIGHT + tried);
  }

  /** Scores a proposal against what the target model wrote after the last known token. */
  observe(proposed: DraftTree, written: readonly number[]): void {
    let parent = -1;
    for (const token of written) {
      let next = -1;
      proposed.forEach((node, index) => {
        if (node.parent === parent) {
          this.count(keyOf(node.source, node.bucket), node.token === token);
          if (node.token === token) {
            next = index;
          }
        }
      });
      if (next === -1) {
        return;
      }
      parent = next;
    }
  }

  snapshot(): AcceptanceCounts {
    return Object.fromEntries([...this.counts].map(([key, counts]) => [key, [...counts]]));
  }

  private count(key: string, isAccepted: boolean): void {
    const [tried, accepted] = this.counts.get(key) ?? [0, 0];
    const keep = tried >= WINDOW ? 1 - 1 / WINDOW : 1;
    this.counts.set(key, [tried * keep + 1, accepted * keep + (isAccepted ? 1 : 0)]);
  }
}

function keyOf(source: DraftSource, bucket: number): string {
  return `${source}:${bucket}`;
}
