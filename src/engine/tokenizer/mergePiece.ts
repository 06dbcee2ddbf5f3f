import TinyQueue from 'tinyqueue';
import type { Merges } from './vocabulary.ts';

/**
 * The tokens of one piece: its bytes' own tokens, of which the pair with the lowest rank is joined, the leftmost of equal ones,
 * until no pair is left to join. n log n for n bytes, so that a megabyte of letters is no trap. `tokens` is used up.
 *
 * Source: arXiv 1508.07909 §3.2.
 */
export function mergePiece(tokens: number[], merges: Merges): readonly number[] {
  const { length } = tokens;
  if (length < 2) {
    return tokens;
  }
  const previous = Int32Array.from(tokens, (_, at) => at - 1);
  const next = Int32Array.from(tokens, (_, at) => at + 1);
  // A pair in one number: rank first, then place.
  const queue = new TinyQueue<number>();
  const offer = (at: number): void => {
    const follower = at < 0 ? length : next[at]!;
    const merge = follower < length ? findMerge(merges, tokens[at]!, tokens[follower]!) : -1;
    if (merge !== -1) {
      queue.push(merges.rank[merge]! * length + at);
    }
  };
  for (let at = 0; at < length - 1; at++) {
    offer(at);
  }
  for (let best = queue.pop(); best !== undefined; best = queue.pop()) {
    const at = best % length;
    const follower = next[at]!;
    // The pair may be gone: a token of it was joined with another one since.
    const merge = tokens[at] === GONE || follower >= length ? -1 : findMerge(merges, tokens[at]!, tokens[follower]!);
    if (merge === -1 || merges.rank[merge]! !== (best - at) / length) {
      continue;
    }
    tokens[at] = merges.joined[merge]!;
    tokens[follower] = GONE;
    next[at] = next[follower]!;
    if (next[at]! < length) {
      previous[next[at]!] = at;
    }
    offer(previous[at]!);
    offer(at);
  }
  return tokens.filter((token) => token !== GONE);
}

const GONE = -1;

function findMerge({ left, right }: Merges, first: number, second: number): number {
  let low = 0;
  let high = left.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (left[middle]! < first || (left[middle] === first && right[middle]! < second)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return left[low] === first && right[low] === second ? low : -1;
}
