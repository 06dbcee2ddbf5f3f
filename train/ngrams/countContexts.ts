import type { ContextHash } from '../../src/engine/draft/lookup/staticNgrams.ts';
import { EMPTY_CONTEXT, extendContext } from '../../src/engine/draft/lookup/staticNgrams.ts';
import { Counts, PairIds } from './pairIds.ts';

/** Places of one context that count in one package: a package's own idiom says little about other code. */
const MAX_PLACES_PER_PACKAGE = 16;

export interface CountOptions {
  readonly longestContext: number;
  /** Contexts at fewer places are not looked at. */
  readonly minPlaces: number;
}

/** All contexts of one length. */
export interface ContextLevel {
  readonly length: number;
  /** By number: the context without its first token, a number of the level before. */
  readonly shorter: Int32Array;
  /** By number, where there are places. */
  readonly hashes: readonly ContextHash[];
  /** By number: places that counted. 0 where there were too few. */
  readonly places: Int32Array;
  /** By number: what followed most often (the token seen first of equals), or -1; at how many places, in how many packages. */
  readonly token: Int32Array;
  readonly followed: Int32Array;
  readonly packages: Int32Array;
  /** Counted places at which the token followed the context. */
  followedBy(context: number, token: number): number;
}

/**
 * Counts what follows contexts of 1 to `longestContext` tokens, level by level: a context is a shorter one and the token
 * before it, so that only continuations of frequent contexts are ever numbered.
 *
 * @param tokens Files as in `TokenSample`. A negative number ends a context.
 */
export function countContexts(tokens: Int32Array, { longestContext, minPlaces }: CountOptions): ContextLevel[] {
  const levels: ContextLevel[] = [];
  /** By place: the context that ends there, a number of the last level, or -1. */
  const contextAt = new Int32Array(tokens.length);
  for (let length = 1; length <= longestContext; length++) {
    const contexts = numberContexts(tokens, contextAt, length, minPlaces);
    levels.push(countNext(tokens, contextAt, contexts, length, levels.at(-1)));
  }
  return levels;
}

/** Moves `contextAt` to contexts that are one token longer; those at few places become -1. */
function numberContexts(tokens: Int32Array, contextAt: Int32Array, length: number, minPlaces: number): PairIds {
  const contexts = new PairIds();
  const places = new Counts();
  for (let at = 0; at < tokens.length; at++) {
    const first = at - length + 1;
    const isContext = first >= 0 && tokens[first]! >= 0 && contextAt[at] !== -1 && tokens[at]! >= 0;
    contextAt[at] = isContext ? contexts.add(contextAt[at]!, tokens[first]!) : -1;
    if (isContext) {
      places.increment(contextAt[at]!);
    }
  }
  for (let at = 0; at < tokens.length; at++) {
    if (contextAt[at] !== -1 && places.values[contextAt[at]!]! < minPlaces) {
      contextAt[at] = -1;
    }
  }
  return contexts;
}

function countNext(
  tokens: Int32Array,
  contextAt: Int32Array,
  contexts: PairIds,
  length: number,
  before: ContextLevel | undefined,
): ContextLevel {
  const pairs = new PairIds();
  const pairPlaces = new Counts();
  const pairPackages = new Counts();
  const pairLastPackage = new Counts();
  const places = new Int32Array(contexts.size);
  const lastPackage = new Int32Array(contexts.size);
  const placesInPackage = new Int32Array(contexts.size);
  let packageMark = 0;
  for (let at = 0; at + 1 < tokens.length; at++) {
    if (tokens[at]! < 0) {
      packageMark = tokens[at]!;
    }
    const context = contextAt[at]!;
    const next = tokens[at + 1]!;
    if (context === -1 || next < 0) {
      continue;
    }
    if (lastPackage[context] !== packageMark) {
      lastPackage[context] = packageMark;
      placesInPackage[context] = 0;
    }
    // What follows a single token is a matter of the language, so all of it counts.
    if (length > 1 && placesInPackage[context]! >= MAX_PLACES_PER_PACKAGE) {
      continue;
    }
    placesInPackage[context]!++;
    places[context]!++;
    const pair = pairs.add(context, next);
    pairPlaces.increment(pair);
    pairLastPackage.reserve(pair);
    if (pairLastPackage.values[pair] !== packageMark) {
      pairLastPackage.values[pair] = packageMark;
      pairPackages.increment(pair);
    }
  }
  const token = new Int32Array(contexts.size).fill(-1);
  const followed = new Int32Array(contexts.size);
  const packages = new Int32Array(contexts.size);
  for (let pair = 0; pair < pairs.size; pair++) {
    const context = pairs.first[pair]!;
    if (pairPlaces.values[pair]! > followed[context]!) {
      token[context] = pairs.second[pair]!;
      followed[context] = pairPlaces.values[pair]!;
      packages[context] = pairPackages.values[pair]!;
    }
  }
  // The places of a rare context are none of any longer one either.
  const hashes: ContextHash[] = new Array(contexts.size);
  for (let context = 0; context < contexts.size; context++) {
    if (places[context] === 0) {
      continue;
    }
    const shorterHash = before === undefined ? EMPTY_CONTEXT : before.hashes[contexts.first[context]!]!;
    hashes[context] = extendContext(shorterHash, contexts.second[context]!);
  }
  return {
    length,
    shorter: contexts.first,
    hashes,
    places,
    token,
    followed,
    packages,
    followedBy: (context, wanted) => {
      const pair = pairs.find(context, wanted);
      return pair === -1 ? 0 : pairPlaces.values[pair]!;
    },
  };
}
