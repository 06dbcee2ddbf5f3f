/**
 * A byte-level BPE vocabulary ready to be used: what a package's `vocabulary.bin` holds, so that loading a model neither parses
 * nor sorts a hundred and fifty thousand pieces.
 *
 * `vocabulary.bin`, little-endian: the bytes `FTVO`, then six 32-bit numbers: format version 1, place of the family in
 * `PRE_TOKENIZERS`, ids `n`, ordinary tokens `s`, merges `m`, bytes `b`. Then 32-bit numbers: `n + 1` places where each id's
 * bytes begin, the last one `b` (control and unused ids have none); `s` ids in order of their bytes; the merges in order of their
 * parts, `m` left ids, `m` right ids, `m` ranks (the lowest is joined first), `m` joined ids. Then `b` bytes.
 */
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import type { PreTokenizer } from './preTokenize.ts';
import { PRE_TOKENIZERS } from './preTokenize.ts';

const MAGIC = 'FTVO';
const FORMAT_VERSION = 1;
const HEADER_BYTES = 28;

export interface Vocabulary {
  readonly preTokenizer: PreTokenizer;
  /** Bytes of all tokens, one after the other, as a byte string (`base/utf8.ts`). */
  readonly bytes: string;
  /** `starts[id]` to `starts[id + 1]` are the bytes of one token; none for control and unused ids. */
  readonly starts: Int32Array;
  /** Ids of ordinary tokens in order of their bytes; of equal ones the lower id first. */
  readonly sortedIds: Int32Array;
  readonly merges: Merges;
}

/** Pairs of tokens that are joined, in order of `left`, then of `right`. */
export interface Merges {
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Of all pairs of a piece the one with the lowest rank is joined first. */
  readonly rank: Int32Array;
  readonly joined: Int32Array;
}

/** Ids of the tokens that have bytes, in order of these; `byteStrings` by id. */
export function sortIdsByBytes(byteStrings: readonly string[]): Int32Array {
  const ids = [...byteStrings.keys()].filter((id) => byteStrings[id] !== '');
  const order = (left: number, right: number): number => {
    const [first, second] = [byteStrings[left]!, byteStrings[right]!];
    return first === second ? left - right : first < second ? -1 : 1;
  };
  return Int32Array.from(ids.sort(order));
}

export function bytesOfToken({ bytes, starts }: Pick<Vocabulary, 'bytes' | 'starts'>, id: number): string {
  return id >= 0 && id < starts.length - 1 ? bytes.slice(starts[id], starts[id + 1]) : '';
}

/** First place in `sortedIds` whose token's bytes are not below `key`. */
export function lowerBound(
  sortedIds: Int32Array,
  { bytesOf, key }: { readonly bytesOf: (id: number) => string; readonly key: string },
): number {
  let low = 0;
  let high = sortedIds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bytesOf(sortedIds[middle]!) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

export function writeVocabulary({ preTokenizer, bytes, starts, sortedIds, merges }: Vocabulary): Uint8Array {
  const { left, right, rank, joined } = merges;
  const columns = [starts, sortedIds, left, right, rank, joined];
  const bytesAt = columns.reduce((at, column) => at + 4 * column.length, HEADER_BYTES);
  const file = new Uint8Array(bytesAt + bytes.length);
  const view = new DataView(file.buffer);
  file.set(Array.from(MAGIC, (character) => character.charCodeAt(0)));
  const family = PRE_TOKENIZERS.indexOf(preTokenizer);
  const header = [FORMAT_VERSION, family, starts.length - 1, sortedIds.length, left.length, bytes.length];
  header.forEach((value, index) => {
    view.setUint32(4 + 4 * index, value, true);
  });
  let at = HEADER_BYTES;
  for (const column of columns) {
    for (const value of column) {
      view.setInt32(at, value, true);
      at += 4;
    }
  }
  for (let index = 0; index < bytes.length; index++) {
    file[bytesAt + index] = bytes.charCodeAt(index);
  }
  return file;
}

/**
 * Reads a vocabulary that must be for a model of this size, in a few milliseconds. Sizes and ids are checked; an order that is not what
 * the format says gives wrong tokens, never a fault.
 *
 * Errors: one sentence that says what is wrong with it.
 */
export function readVocabulary(file: Uint8Array, vocabularySize: number): Result<Vocabulary, string> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < HEADER_BYTES || String.fromCharCode(...file.subarray(0, 4)) !== MAGIC) {
    return err('it is not a vocabulary');
  }
  const [version, family, ids, tokens, mergeCount, byteCount] = [4, 8, 12, 16, 20, 24].map((at) =>
    view.getUint32(at, true),
  ) as [number, number, number, number, number, number];
  if (version !== FORMAT_VERSION) {
    return err(`its format version is ${version}, this version reads ${FORMAT_VERSION}`);
  }
  if (ids > vocabularySize) {
    return err(`it has ${ids} ids, the model ${vocabularySize}`);
  }
  const preTokenizer = PRE_TOKENIZERS[family];
  if (preTokenizer === undefined) {
    return err(`it is of a family of vocabularies (${family}) that this version does not know`);
  }
  const bytesAt = HEADER_BYTES + 4 * (ids + 1 + tokens + 4 * mergeCount);
  if (file.length !== bytesAt + byteCount) {
    return err(`it has ${file.length} bytes, its header says ${bytesAt + byteCount}`);
  }
  let at = HEADER_BYTES;
  const column = (length: number): Int32Array => {
    const values = new Int32Array(length);
    for (let index = 0; index < length; index++) {
      values[index] = view.getInt32(at, true);
      at += 4;
    }
    return values;
  };
  const starts = column(ids + 1);
  const sortedIds = column(tokens);
  const merges = {
    left: column(mergeCount),
    right: column(mergeCount),
    rank: column(mergeCount),
    joined: column(mergeCount),
  };
  if (starts[0] !== 0 || starts[ids] !== byteCount || starts.some((start, id) => id > 0 && start < starts[id - 1]!)) {
    return err('its tokens are damaged');
  }
  const hasNoId = (id: number): boolean => id < 0 || id >= ids;
  if ([sortedIds, merges.left, merges.right, merges.joined].some((list) => list.some(hasNoId))) {
    return err('it names an id that it does not have');
  }
  const vocabulary = { preTokenizer, bytes: byteString(file.subarray(bytesAt)), starts, sortedIds, merges };
  return spellsEveryByte(vocabulary) ? ok(vocabulary) : err('it has no token for some byte');
}

/** Whether any text can be written with the tokens. */
export function spellsEveryByte(vocabulary: Vocabulary): boolean {
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).every(
    (bytes) => tokenOfBytes(vocabulary, bytes) !== undefined,
  );
}

/** The token with exactly these bytes. */
export function tokenOfBytes(vocabulary: Vocabulary, bytes: string): number | undefined {
  const bytesOf = (id: number): string => bytesOfToken(vocabulary, id);
  const id = vocabulary.sortedIds[lowerBound(vocabulary.sortedIds, { bytesOf, key: bytes })];
  return id !== undefined && bytesOf(id) === bytes ? id : undefined;
}

function byteString(bytes: Uint8Array): string {
  const CHUNK = 8192;
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text;
}
