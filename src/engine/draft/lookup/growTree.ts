import type { DraftNode, DraftTree } from '../draftTree.ts';
import type { Agreement, Corpus } from './lookupBuckets.ts';
import { lookupBucket, ngramBucket, priorChance } from './lookupBuckets.ts';
import type { StaticNgrams } from './staticNgrams.ts';
import { MAX_CONTEXT_TOKENS } from './staticNgrams.ts';
import type { TokenIndex } from './tokenIndex.ts';

/** A place whose text before it agrees with the end of the document. */
export interface Match {
  readonly corpus: Corpus;
  readonly index: TokenIndex;
  /** Index of the token that followed. */
  readonly next: number;
  readonly length: number;
}

/** Most children of one node: only one guess in ten that is not the first is right. */
const MAX_SIBLINGS = 3;

/** Where matches are surer than this, what other code usually says adds nothing. */
const SURE_CHANCE = 0.6;

/** What a tree grows from. */
export interface Evidence {
  /** Best first. */
  readonly matches: readonly Match[];
  readonly ngrams: StaticNgrams | undefined;
  /** The end of the text, `MAX_CONTEXT_TOKENS` or as many as there are. */
  readonly tail: readonly number[];
}

/** A guess that may become a node. */
interface Branch extends Guess {
  readonly parent: number;
  readonly depth: number;
  /** Chance of the whole path down to here. */
  readonly survival: number;
}

interface Guess {
  readonly token: number;
  readonly bucket: number;
  readonly chance: number;
  /** Matches that are followed by the token, best first. */
  readonly matches: readonly Match[];
}

/**
 * The likeliest continuations of the matches and the table as a tree of at most `maxNodes` nodes.
 *
 * Grows where the chance of the whole path is largest, which gives the tree that expects the most right tokens as long as the
 * chances are right (arXiv 2401.10774 §2.3.3). A chain comes out where matches agree, siblings where they do not.
 */
export function growTree(
  evidence: Evidence,
  maxNodes: number,
  estimate: (bucket: number, prior: number) => number,
): DraftTree {
  const nodes: DraftNode[] = [];
  const open: Branch[] = [];
  const grow = (matches: readonly Match[], parent: number, depth: number, survival: number): void => {
    const path = pathTokens(nodes, parent);
    const guesses = rankGuesses(matches, path, estimate);
    for (const guess of withUsual(guesses, evidence, path, estimate)) {
      open.push({ ...guess, parent, depth, survival: survival * guess.chance });
    }
  };
  grow(evidence.matches, -1, 0, 1);
  while (nodes.length < maxNodes && open.length > 0) {
    const branch = takeLikeliest(open);
    const { token, parent, bucket, chance } = branch;
    nodes.push({ token, parent, source: 'lookup', bucket, chance });
    grow(branch.matches, nodes.length - 1, branch.depth + 1, branch.survival);
  }
  return nodes;
}

/** The guesses and what usually follows the path, which may be one of them. */
function withUsual(
  guesses: readonly Guess[],
  { ngrams, tail }: Evidence,
  path: readonly number[],
  estimate: (bucket: number, prior: number) => number,
): readonly Guess[] {
  if (ngrams === undefined || guesses.some(({ chance }) => chance >= SURE_CHANCE)) {
    return guesses;
  }
  const usual = ngrams.next([...tail, ...path].slice(-MAX_CONTEXT_TOKENS));
  if (usual === undefined) {
    return guesses;
  }
  const { token, length, probability } = usual;
  const same = guesses.findIndex((guess) => guess.token === token);
  const company = guesses.length === 0 ? 'alone' : same === -1 ? 'against' : 'beside';
  const bucket = ngramBucket(company, length, probability);
  const chance = estimate(bucket, priorChance(bucket));
  if (same === -1) {
    return [...guesses, { token, bucket, chance, matches: [] }];
  }
  return guesses.map((guess, index) =>
    index === same && chance > guess.chance ? { ...guess, bucket, chance } : guess,
  );
}

function takeLikeliest(open: Branch[]): Branch {
  let best = 0;
  open.forEach(({ survival }, index) => {
    if (survival > open[best]!.survival) {
      best = index;
    }
  });
  return open.splice(best, 1)[0]!;
}

function pathTokens(nodes: readonly DraftNode[], node: number): number[] {
  const tokens: number[] = [];
  for (let at = node; at !== -1; at = nodes[at]!.parent) {
    tokens.unshift(nodes[at]!.token);
  }
  return tokens;
}

/** What follows the path at the matches, in the order of the matches. */
function rankGuesses(
  matches: readonly Match[],
  path: readonly number[],
  estimate: (bucket: number, prior: number) => number,
): readonly Guess[] {
  const groups = new Map<number, Match[]>();
  for (const match of matches) {
    const token = tokenAt(match, path);
    if (token === undefined) {
      continue;
    }
    const group = groups.get(token);
    if (group === undefined) {
      groups.set(token, [match]);
    } else {
      group.push(match);
    }
  }
  const guesses: Guess[] = [];
  for (const [token, group] of groups) {
    if (guesses.length === MAX_SIBLINGS) {
      break;
    }
    const { corpus, length } = group[0]!;
    const bucket = lookupBucket(corpus, agreementOf(group.length, groups.size, guesses.length), length + path.length);
    guesses.push({ token, bucket, chance: estimate(bucket, priorChance(bucket)), matches: group });
  }
  return guesses;
}

function agreementOf(followers: number, groupCount: number, rank: number): Agreement {
  if (rank > 0) {
    return 'alternative';
  }
  if (groupCount > 1) {
    return 'contested';
  }
  return followers > 1 ? 'agreed' : 'single';
}

/**
 * The token after the path at a match. A match in the document runs on over its end into the path, so that a text with a
 * period shorter than the draft is continued as well.
 */
function tokenAt({ corpus, index, next }: Match, path: readonly number[]): number | undefined {
  const at = next + path.length;
  const token = at < index.length ? index.at(at) : corpus === 'document' ? path[at - index.length] : undefined;
  return token === undefined || token < 0 ? undefined : token;
}
