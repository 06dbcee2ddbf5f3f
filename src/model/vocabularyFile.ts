import type { Merges } from '../engine/tokenizer/vocabulary.ts';
import { sortIdsByBytes, spellsEveryByte, writeVocabulary } from '../engine/tokenizer/vocabulary.ts';
import { ModelError } from './modelError.ts';
import type { TokenizerSource } from './source/modelSource.ts';

/**
 * A package's `vocabulary.bin`.
 *
 * Throws `ModelError` for a vocabulary that cannot be used: a byte without a token, a merge of pieces that are no tokens.
 */
export function vocabularyFile(source: TokenizerSource): Uint8Array {
  const pieces = source.tokens.map((piece, id) => (source.kinds[id] === 'ordinary' ? piece : ''));
  const byteOfCharacter = printableBytes();
  const byteStrings = pieces.map((piece) =>
    Array.from(piece, (character) => byteOfCharacter.get(character) ?? '').join(''),
  );
  const starts = new Int32Array(byteStrings.length + 1);
  for (const [id, { length }] of byteStrings.entries()) {
    starts[id + 1] = starts[id]! + length;
  }
  const vocabulary = {
    preTokenizer: source.preTokenizer,
    bytes: byteStrings.join(''),
    starts,
    sortedIds: sortIdsByBytes(byteStrings),
    merges: readMerges(source.merges, new Map(pieces.map((piece, id) => [piece, id]))),
  };
  if (!spellsEveryByte(vocabulary)) {
    throw new ModelError('unsupported', 'its vocabulary has no token for some byte, so it is not a byte-level one');
  }
  return writeVocabulary(vocabulary);
}

function readMerges(merges: readonly string[], idOf: ReadonlyMap<string, number>): Merges {
  const byPair = new Map<string, readonly [left: number, right: number, rank: number, joined: number]>();
  for (const [rank, merge] of merges.entries()) {
    const [first = '', second = ''] = merge.split(' ', 2);
    const [left, right, joined] = [first, second, first + second].map((piece) =>
      piece === '' ? undefined : idOf.get(piece),
    );
    if (left === undefined || right === undefined || joined === undefined) {
      throw new ModelError(
        'unsupported',
        `its vocabulary merges ${JSON.stringify(merge)}, whose parts or sum it lacks`,
      );
    }
    byPair.set(`${left} ${right}`, [left, right, rank, joined]);
  }
  const sorted = [...byPair.values()].sort(([a, b], [c, d]) => a - c || b - d);
  const column = (at: 0 | 1 | 2 | 3): Int32Array => Int32Array.from(sorted, (merge) => merge[at]);
  return { left: column(0), right: column(1), rank: column(2), joined: column(3) };
}

/** What each printable character of a byte-level vocabulary stands for: itself, or from U+0100 on the other bytes in order. */
export function printableBytes(): ReadonlyMap<string, string> {
  const bytes = new Map<string, string>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    bytes.set(String.fromCharCode(isPrintable ? byte : next++), String.fromCharCode(byte));
  }
  return bytes;
}
