const SAMPLE_RATE = 16;
const MIN_SAMPLES = 4;
const MAX_SEEN_SHARE = 0.5;

/**
 * Finds files most of whose 13-grams stood in files taken before.
 *
 * Every sixteenth gram, by its hash, stands for all: the same ones in every file, so shares stay comparable.
 */
export class NearDuplicates {
  private readonly seen = new Set<number>();

  /** True for a near copy; otherwise the file counts as taken from now on. */
  isCopyOfEarlier(grams: ReadonlySet<number>): boolean {
    const samples = [...grams].filter((gram) => gram % SAMPLE_RATE === 0);
    const seenCount = samples.filter((gram) => this.seen.has(gram)).length;
    if (samples.length >= MIN_SAMPLES && seenCount > samples.length * MAX_SEEN_SHARE) {
      return true;
    }
    for (const gram of samples) {
      this.seen.add(gram);
    }
    return false;
  }
}
