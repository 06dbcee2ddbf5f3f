import type { ContextHash } from '../../src/engine/draft/lookup/staticNgrams.ts';
import { EMPTY_CONTEXT, extendContext, StaticNgrams } from '../../src/engine/draft/lookup/staticNgrams.ts';
import type { NgramEntry } from '../../train/ngrams/encodeTable.ts';
import { encodeTable } from '../../train/ngrams/encodeTable.ts';

export interface Ngram {
  readonly context: readonly number[];
  readonly token: number;
  readonly probability: number;
}

/** The file of a table. */
export function ngramBytes(ngrams: readonly Ngram[], vocabularySize: number): Uint8Array {
  const entries = ngrams.map(
    ({ context, token, probability }): NgramEntry => ({ context: hashOf(context), token, probability }),
  );
  return encodeTable(entries, vocabularySize, 4);
}

export function ngramTable(ngrams: readonly Ngram[], vocabularySize: number): StaticNgrams {
  const read = StaticNgrams.read(ngramBytes(ngrams, vocabularySize), vocabularySize);
  if (!read.ok) {
    throw new Error(read.error);
  }
  return read.value;
}

function hashOf(context: readonly number[]): ContextHash {
  return context.toReversed().reduce(extendContext, EMPTY_CONTEXT);
}
