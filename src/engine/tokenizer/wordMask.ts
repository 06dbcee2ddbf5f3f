/**
 * Healing: the word at the cursor is taken out of the prompt and generated again under the constraint that it starts with
 * what was typed, because a prompt that ends inside a word ends in tokens the model has never seen there (`retu` is
 * `ret` + `u`, and the model goes on from there to `retun`).
 */
import { toByteString } from '../../base/utf8.ts';
import type { TokenMask } from '../decode.ts';
import type { RowScores } from '../targetModel.ts';
import type { Tokenizer } from './tokenizer.ts';

/** The vocabulary sorted by bytes, so that all tokens with a given start are one range. Built once per model. */
export interface SortedVocabulary {
  readonly byteStrings: readonly string[];
  readonly ids: Int32Array;
  readonly tokenizer: Tokenizer;
}

export function sortVocabulary(tokenizer: Tokenizer): SortedVocabulary {
  // Sorting strings alone, without a comparison function, is three times as fast.
  const idsByBytes = new Map<string, number[]>();
  tokenizer.byteStrings.forEach((bytes, id) => {
    if (bytes === undefined || bytes === '') {
      return;
    }
    const ids = idsByBytes.get(bytes);
    if (ids === undefined) {
      idsByBytes.set(bytes, [id]);
    } else {
      ids.push(id);
    }
  });
  const byteStrings: string[] = [];
  const sortedIds: number[] = [];
  for (const bytes of [...idsByBytes.keys()].sort()) {
    for (const id of idsByBytes.get(bytes)!) {
      byteStrings.push(bytes);
      sortedIds.push(id);
    }
  }
  return { byteStrings, ids: Int32Array.from(sortedIds), tokenizer };
}

/**
 * The mask under which generated text starts with `typed`; undefined when nothing was typed.
 *
 * A token is allowed when it starts with the bytes still owed, or when those start with it:
 * ```
 * owed  "retu":  r  re  ret  retu  retur  return  returning …   allowed
 *                a  res  retry                                  not
 * ```
 * Every byte string can be spelled with single-byte tokens, so at least one token is always allowed.
 */
export function createWordMask(typed: string, vocabulary: SortedVocabulary): TokenMask | undefined {
  return maskForBytes(toByteString(typed), vocabulary);
}

function maskForBytes(owed: string, vocabulary: SortedVocabulary): TokenMask | undefined {
  if (owed === '') {
    return undefined;
  }
  return {
    bestAllowed: (scores) => bestAllowed(owed, vocabulary, scores),
    allows: (token) => fits(vocabulary.tokenizer.bytesOf(token), owed),
    after: (token) => {
      const bytes = vocabulary.tokenizer.bytesOf(token);
      return bytes.length >= owed.length ? undefined : maskForBytes(owed.slice(bytes.length), vocabulary);
    },
  };
}

function bestAllowed(owed: string, vocabulary: SortedVocabulary, scores: RowScores): number {
  for (const id of scores.topIds) {
    if (fits(vocabulary.tokenizer.bytesOf(id), owed)) {
      return id;
    }
  }
  const { logits } = scores;
  if (logits === undefined) {
    throw new Error('a masked step needs the whole row of logits');
  }
  let best = -1;
  const consider = (index: number): void => {
    const id = vocabulary.ids[index]!;
    const gain = best === -1 ? 1 : logits[id]! - logits[best]!;
    if (gain > 0 || (gain === 0 && id < best)) {
      best = id;
    }
  };
  // Proper starts of what is owed: each at most one entry of the sorted vocabulary.
  for (let length = 1; length < owed.length; length++) {
    const start = owed.slice(0, length);
    const index = lowerBound(vocabulary.byteStrings, start);
    if (vocabulary.byteStrings[index] === start) {
      consider(index);
    }
  }
  for (let index = lowerBound(vocabulary.byteStrings, owed); index < vocabulary.byteStrings.length; index++) {
    if (!vocabulary.byteStrings[index]!.startsWith(owed)) {
      break;
    }
    consider(index);
  }
  if (best === -1) {
    throw new Error('the vocabulary cannot spell the word at the cursor');
  }
  return best;
}

function fits(bytes: string, owed: string): boolean {
  return bytes !== '' && (bytes.startsWith(owed) || owed.startsWith(bytes));
}

/** First index whose entry is not below `key`. */
function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
