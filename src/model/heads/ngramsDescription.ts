/**
 * The table of n-grams in `models/<id>/heads/`: the entry `ngrams` of its `heads.json`,
 *
 *     {file: name of a table beside it (format: `staticNgrams.ts`), tokenizerSha256: of the package's tokenizer.json,
 *      trained: {tokens, ...anything}, licence}
 *
 * or `{from: id of the model whose table it is}`: tables fit every model with the same tokenizer, so one file serves several.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import { isSafeFileName } from '../manifest.ts';
import { asObject, readHeadsFile, sizeOf } from './headsDescription.ts';

/** What ships has 8 MB at most; more is a mistake. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024;

export interface NgramsDescription {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  /** A table for other token ids is of no use. */
  readonly tokenizerSha256: string;
  readonly licence: string;
}

/**
 * The table of a folder, or undefined when it has none.
 *
 * Errors: one sentence that names the file found wrong.
 */
export async function readNgramsDescription(folder: string): Promise<Result<NgramsDescription | undefined, string>> {
  const own = await readHeadsFile(folder);
  if (!own.ok || own.value.ngrams === undefined) {
    return own.ok ? ok(undefined) : own;
  }
  const { from } = asObject(own.value.ngrams);
  if (from === undefined) {
    return readTable(folder, own.value.ngrams);
  }
  if (typeof from !== 'string' || !isSafeFileName(from)) {
    return err(`${path.join(folder, 'heads.json')}: ngrams.from is not the id of a model`);
  }
  const otherFolder = path.join(folder, '..', '..', from, 'heads');
  const other = await readHeadsFile(otherFolder);
  return other.ok ? readTable(otherFolder, other.value.ngrams) : other;
}

async function readTable(folder: string, entry: unknown): Promise<Result<NgramsDescription, string>> {
  const description = path.join(folder, 'heads.json');
  const { file, tokenizerSha256, licence } = asObject(entry);
  if (typeof file !== 'string' || !isSafeFileName(file)) {
    return err(`${description}: ngrams names no plain file`);
  }
  if (typeof tokenizerSha256 !== 'string' || typeof licence !== 'string') {
    return err(`${description}: ngrams lacks tokenizerSha256 or licence`);
  }
  const filePath = path.join(folder, file);
  const size = await sizeOf(filePath);
  if (size === undefined || size > MAX_TABLE_BYTES) {
    const fault = size === undefined ? 'is not there' : `has ${size} bytes`;
    return err(`${description}: ngrams names ${file}, which ${fault}`);
  }
  const bytes = await readFile(filePath);
  return ok({ bytes, sha256: createHash('sha256').update(bytes).digest('hex'), tokenizerSha256, licence });
}
