/**
 * Healing: the word at the cursor is taken out of the prompt and generated again under the constraint that it starts with
 * what was typed, because a prompt that ends inside a word ends in tokens the model has never seen there (`retu` is
 * `ret` + `u`, and the model goes on from there to `retun`).
 */
import { toByteString } from '../../base/utf8.ts';
import type { RowScores } from '../targetModel.ts';
import type { TokenMask } from '../writtenText.ts';
import type { Tokenizer } from './tokenizer.ts';
import { lowerBound } from './vocabulary.ts';

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
export function createWordMask(typed: string, tokenizer: Tokenizer): TokenMask | undefined {
  return maskForBytes(toByteString(typed), tokenizer);
}

function maskForBytes(owed: string, tokenizer: Tokenizer): TokenMask | undefined {
  return owed === '' ? undefined : new WordMask(owed, tokenizer);
}

class WordMask implements TokenMask {
  private readonly owed: string;
  private readonly tokenizer: Tokenizer;

  constructor(owed: string, tokenizer: Tokenizer) {
    this.owed = owed;
    this.tokenizer = tokenizer;
  }

  bestAllowed(scores: RowScores): number {
    return bestAllowed(this.owed, this.tokenizer, scores);
  }

  allows(token: number): boolean {
    return fits(this.tokenizer.bytesOf(token), this.owed);
  }

  after(token: number): TokenMask | undefined {
    return maskForBytes(this.owed.slice(this.tokenizer.bytesOf(token).length), this.tokenizer);
  }

  /** What starts with "retu", or "retu" with it, starts with "re" or "re" with it. */
  isWithin(other: TokenMask | undefined): boolean {
    return other === undefined || (other instanceof WordMask && this.owed.startsWith(other.owed));
  }
}

function bestAllowed(owed: string, tokenizer: Tokenizer, scores: RowScores): number {
  for (const id of scores.topIds) {
    if (fits(tokenizer.bytesOf(id), owed)) {
      return id;
    }
  }
  const { logits } = scores;
  if (logits === undefined) {
    throw new Error('a masked step needs the whole row of logits');
  }
  let best = -1;
  const { sortedIds, bytesOf } = tokenizer;
  const consider = (id: number): void => {
    const gain = best === -1 ? 1 : logits[id]! - logits[best]!;
    if (gain > 0 || (gain === 0 && id < best)) {
      best = id;
    }
  };
  for (let length = 1; length <= owed.length; length++) {
    const start = owed.slice(0, length);
    for (let at = lowerBound(sortedIds, { bytesOf, key: start }); at < sortedIds.length; at++) {
      const bytes = bytesOf(sortedIds[at]!);
      if (length < owed.length ? bytes !== start : !bytes.startsWith(owed)) {
        break;
      }
      consider(sortedIds[at]!);
    }
  }
  if (best === -1) {
    throw new Error('the vocabulary cannot spell the word at the cursor');
  }
  return best;
}

function fits(bytes: string, owed: string): boolean {
  return bytes !== '' && (bytes.startsWith(owed) || owed.startsWith(bytes));
}
