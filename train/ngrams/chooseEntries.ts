import type { ContextLevel } from './countContexts.ts';
import type { NgramEntry } from './encodeTable.ts';
import { tableBytes } from './encodeTable.ts';

export interface ChooseOptions {
  readonly maxBytes: number;
  /** An entry must have been seen at so many places and in so many packages. */
  readonly minPlaces: number;
  readonly minPackages: number;
}

/** A wrong probability makes drafts too short or too long; a right token is worth more. */
const PROBABILITY_WEIGHT = 0.3;
/** Below this a guess is rarely worth its row. */
const LEAST_PROBABILITY = 0.08;
/** Taken off a count: what was seen n times in one text is seen less in another (absolute discounting, Ney et al. 1994). */
const DISCOUNT = 0.75;
/** Entries that weigh less say nearly what the shorter context says. */
const LEAST_WEIGHT = 0.5;
const THRESHOLD_STEPS = 24;

interface Candidate extends NgramEntry {
  readonly weight: number;
}

/**
 * The entries that add most to the guesses of the shorter contexts, weightiest first, as many as fit into `maxBytes`.
 *
 * An entry's weight is at how many places of the sample it is right where the shorter context's entry is wrong, and, to a
 * lesser degree, how much nearer its probability is. What says the same as a shorter context weighs nothing and is left out.
 */
export function chooseEntries(levels: readonly ContextLevel[], options: ChooseOptions): readonly NgramEntry[] {
  // Which shorter entry stands depends on the threshold, so the largest choice that fits is found by bisection.
  let low = LEAST_WEIGHT;
  let high = 1000;
  let best: readonly Candidate[] = [];
  for (let step = 0; step < THRESHOLD_STEPS; step++) {
    const threshold = step === 0 ? LEAST_WEIGHT : (low + high) / 2;
    const chosen = candidatesAbove(levels, threshold, options);
    if (tableBytes(chosen.length) > options.maxBytes) {
      low = threshold;
      continue;
    }
    high = threshold;
    best = chosen;
    if (step === 0) {
      break;
    }
  }
  // The sort is stable, and candidates come in the order of the text: the same sample gives the same file.
  return [...best].sort((left, right) => right.weight - left.weight);
}

function candidatesAbove(
  levels: readonly ContextLevel[],
  threshold: number,
  { minPlaces, minPackages }: ChooseOptions,
): readonly Candidate[] {
  const chosen: Candidate[] = [];
  /** By context of the last level: what the table says there, by it or by a shorter context. */
  let saidBefore: (Candidate | undefined)[] = [undefined];
  for (const level of levels) {
    const said: (Candidate | undefined)[] = new Array(level.places.length);
    for (let context = 0; context < level.places.length; context++) {
      const places = level.places[context]!;
      if (places === 0) {
        continue;
      }
      const shorter = saidBefore[level.length === 1 ? 0 : level.shorter[context]!];
      said[context] = shorter;
      const followed = level.followed[context]!;
      const token = level.token[context]!;
      const probability = (followed - DISCOUNT) / places;
      if (followed < minPlaces || level.packages[context]! < minPackages || probability < LEAST_PROBABILITY) {
        continue;
      }
      const right = shorter === undefined ? 0 : level.followedBy(context, shorter.token);
      const shift = shorter === undefined ? 0 : Math.abs(probability - shorter.probability) * places;
      const gain = shorter?.token === token ? 0 : followed - DISCOUNT - right;
      const weight = gain + PROBABILITY_WEIGHT * shift;
      if (weight > threshold) {
        const entry = { context: level.hashes[context]!, token, probability, weight };
        said[context] = entry;
        chosen.push(entry);
      }
    }
    saidBefore = said;
  }
  return chosen;
}
