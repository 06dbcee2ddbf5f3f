import { toByteString } from '../../src/base/utf8.ts';
import type { Tokenizer } from '../../src/engine/tokenizer/tokenizer.ts';
import { sortIdsByBytes } from '../../src/engine/tokenizer/vocabulary.ts';

/** One token a byte, plus the longer pieces given; encodes with the longest piece that matches. */
export function createByteTokenizer(pieces: readonly string[] = []): Tokenizer {
  const byteStrings = [
    ...Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)),
    ...pieces.map(toByteString),
  ];
  const ids = new Map(byteStrings.map((bytes, id) => [bytes, id]));
  const longest = Math.max(...byteStrings.map((bytes) => bytes.length));
  return {
    sortedIds: sortIdsByBytes(byteStrings),
    bytesOf: (token) => byteStrings[token] ?? '',
    encode: (text) => {
      const bytes = toByteString(text);
      const tokens: number[] = [];
      for (let at = 0; at < bytes.length; ) {
        let length = Math.min(longest, bytes.length - at);
        while (!ids.has(bytes.slice(at, at + length))) {
          length--;
        }
        tokens.push(ids.get(bytes.slice(at, at + length))!);
        at += length;
      }
      return tokens;
    },
  };
}
