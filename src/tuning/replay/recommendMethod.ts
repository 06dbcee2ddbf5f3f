import type { DraftMethod } from '../../engine/draft/drafter.ts';
import type { VariantFigures } from './variantFigures.ts';

export interface Recommendation {
  readonly method: DraftMethod;
  /** Why this one, as a closed set of reasons. */
  readonly reason: 'fastest' | 'as-fast-as-the-fastest' | 'nothing-pays' | 'too-little';
  /** Over `off`. */
  readonly speedup: number;
  readonly fasterIn: number;
  readonly requests: number;
}

/** Differences below this are noise of a machine that does other things too. */
const NOISE = 0.05;
/** Fewer requests say nothing. */
const MIN_REQUESTS = 3;

/**
 * The method to use, from a comparison whose first variant is `off`: the fastest, but `auto` where it comes within noise of
 * that, since it adapts to other code; and `off` where nothing is faster beyond noise.
 */
export function recommendMethod(figures: readonly VariantFigures[]): Recommendation | undefined {
  const measured = figures.flatMap((own) => (own.speedup === undefined ? [] : [{ ...own, speedup: own.speedup }]));
  const [off] = measured;
  if (off === undefined) {
    return undefined;
  }
  const say = (own: (typeof measured)[number], reason: Recommendation['reason']): Recommendation => ({
    method: own.variant.draftMethod,
    reason,
    speedup: own.speedup,
    fasterIn: own.fasterIn,
    requests: own.ratios,
  });
  const auto = measured.find(({ variant }) => variant.draftMethod === 'auto');
  if (off.ratios < MIN_REQUESTS) {
    return say(auto ?? off, 'too-little');
  }
  const fastest = measured.reduce((best, own) => (own.speedup > best.speedup ? own : best));
  if (fastest.speedup < 1 + NOISE) {
    return say(off, 'nothing-pays');
  }
  if (auto !== undefined && auto.speedup > fastest.speedup * (1 - NOISE)) {
    return say(auto, auto === fastest ? 'fastest' : 'as-fast-as-the-fastest');
  }
  return say(fastest, 'fastest');
}
