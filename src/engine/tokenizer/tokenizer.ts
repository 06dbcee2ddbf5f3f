/**
 * Text to token ids and back, for byte-level BPE vocabularies.
 *
 * Exact on the 1,000 hard strings of the test fixtures and, by hand, on 1.2 million tokens of source code; 0.4 ms per 1,000
 * characters. No library: those we know build their tables from text at every load, which made a start, and so the first
 * suggestion after a crash, 1.1 s longer (BENCHMARKS.md).
 */
import { toByteString } from '../../base/utf8.ts';
import { mergePiece } from './mergePiece.ts';
import { preTokenize } from './preTokenize.ts';
import type { Vocabulary } from './vocabulary.ts';
import { bytesOfToken, tokenOfBytes } from './vocabulary.ts';

export interface Tokenizer {
  /** Ids of a text; control tokens are never among them, so that `<|fim_middle|>` in a user's file is ordinary text. */
  encode(text: string): readonly number[];
  /** UTF-8 bytes of one token as a byte string (`base/utf8.ts`); empty for control and unused ids. */
  bytesOf(token: number): string;
  /** Ids of the tokens that have bytes, in order of these, so that all with a given start are one range. */
  readonly sortedIds: Int32Array;
}

/** The words of a few files; then it begins anew. */
const MAX_KNOWN_PIECES = 20_000;
/** A longer piece is data, which seldom comes again. */
const MAX_KNOWN_CHARS = 64;

export function createTokenizer(vocabulary: Vocabulary): Tokenizer {
  const { preTokenizer, sortedIds, merges } = vocabulary;
  const byteTokens = Array.from({ length: 256 }, (_, byte) => tokenOfBytes(vocabulary, String.fromCharCode(byte)));
  // Llama 3 takes a piece that is a token as it is, even where no sequence of merges leads to it.
  const takesWholePieces = preTokenizer === 'llama-bpe';

  const encodePiece = (piece: string): readonly number[] => {
    const bytes = toByteString(piece);
    const whole = takesWholePieces ? tokenOfBytes(vocabulary, bytes) : undefined;
    if (whole !== undefined) {
      return [whole];
    }
    return mergePiece(
      Array.from(bytes, (byte) => byteTokens[byte.charCodeAt(0)]!),
      merges,
    );
  };

  const known = new Map<string, readonly number[]>();
  return {
    encode: (text) => {
      const ids: number[] = [];
      for (const piece of preTokenize(text, preTokenizer)) {
        let tokens = known.get(piece);
        if (tokens === undefined) {
          tokens = encodePiece(piece);
          if (known.size >= MAX_KNOWN_PIECES) {
            known.clear();
          }
          if (piece.length <= MAX_KNOWN_CHARS) {
            known.set(piece, tokens);
          }
        }
        for (const token of tokens) {
          ids.push(token);
        }
      }
      return ids;
    },
    bytesOf: (token) => bytesOfToken(vocabulary, token),
    sortedIds,
  };
}
