import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SourceFile } from '../samples/drawGroup.ts';
import { createRandom } from '../samples/random.ts';
import { createFileDrawer, readCorpus } from '../samples/readCorpus.ts';

/**
 * A piece of a sample takes its files from its own part of the corpus, so that pieces have no file twice. Sized to be
 * tokenised in two minutes or so.
 */
export const PIECE_TOKENS = 8_000_000;

export interface PieceOptions {
  /** From 0 to `pieces - 1`. */
  readonly piece: number;
  readonly pieces: number;
  readonly maxTokens: number;
  readonly seed: number;
  readonly encode: (text: string) => readonly number[];
}

/**
 * About `maxTokens` tokens of whole files, in the shares of languages and packages that training samples have
 * (`createFileDrawer`), each file once. Each begins with a negative number, `-1 - place of its package in the alphabet`.
 */
export function samplePiece(files: readonly SourceFile[], options: PieceOptions): Int32Array {
  const { piece, pieces, maxTokens, seed, encode } = options;
  const names = [...new Set(files.map((file) => file.package))].sort();
  const marks = new Map(names.map((name, index) => [name, -1 - index]));
  const own = files.filter((_, index) => index % pieces === piece);
  const draw = createFileDrawer(own, createRandom(seed + piece));
  const drawn = new Set<SourceFile>();
  const parts: (readonly number[])[] = [];
  let total = 0;
  // Small shelves run empty; the bound ends the drawing when there is less than was asked for.
  for (let draws = 0; total < maxTokens && draws < 50 * own.length; draws++) {
    const { file } = draw();
    if (!drawn.has(file)) {
      drawn.add(file);
      const ids = [marks.get(file.package)!, ...encode(file.text)];
      parts.push(ids);
      total += ids.length;
    }
  }
  return joined(parts, total);
}

/** The piece that a file keeps, or a new one, which is then kept there: tokenising takes minutes. */
export function keptPiece(file: string, corpusFile: string, options: PieceOptions): Int32Array {
  try {
    const bytes = readFileSync(file);
    return new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
  const tokens = samplePiece(readCorpus(corpusFile), options);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.partial`, new Uint8Array(tokens.buffer));
  renameSync(`${file}.partial`, file);
  return tokens;
}

/** All files of some pieces, those of one package together. */
export function mergePieces(pieces: readonly Int32Array[]): { readonly tokens: Int32Array; readonly files: number } {
  const files = pieces.flatMap(splitFiles);
  files.sort((left, right) => right[0]! - left[0]!);
  const total = files.reduce((sum, { length }) => sum + length, 0);
  return { tokens: joined(files, total), files: files.length };
}

function splitFiles(piece: Int32Array): Int32Array[] {
  const starts: number[] = [];
  piece.forEach((token, at) => {
    if (token < 0) {
      starts.push(at);
    }
  });
  return starts.map((start, index) => piece.subarray(start, starts[index + 1] ?? piece.length));
}

function joined(parts: readonly ArrayLike<number>[], total: number): Int32Array {
  const tokens = new Int32Array(total);
  let at = 0;
  for (const part of parts) {
    tokens.set(part, at);
    at += part.length;
  }
  return tokens;
}
