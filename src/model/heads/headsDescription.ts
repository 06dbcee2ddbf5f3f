/**
 * `models/<id>/heads/`: draft heads as training leaves them. `heads.json` says which there are:
 *
 *     {formatVersion: 1, heads: [{
 *       method: 'medusa' | 'mtp', file: name of a safetensors file beside it (tensors: `headTensors.ts`),
 *       depth: Medusa: number of heads; MTP: calibrated depths, window: MTP only: rows that a row attends to, itself included,
 *       trunk: {sourceSha256: of the weight file, adapterSha256: of the merged adapter's `adapter.json`, or 'none'},
 *       calibration: {probabilityBins: [ascending upper bounds, the last 1], acceptance: (depth, bin)},
 *       trained: {tokens, ...anything}, licence
 *     }], ngrams?: a table of n-grams (`ngramsDescription.ts`)}
 *
 * What becomes part of a manifest (sizes, calibration) is checked there, as a manifest is.
 */

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import type { HeadMethod } from '../manifest.ts';
import { HEAD_METHODS, isSafeFileName } from '../manifest.ts';

export const HEADS_FORMAT_VERSION = 1;

/** Raised when the same head file would give other package files. */
const HEADS_BUILDER_VERSION = 'foretoken heads 2';

/** What is kept in git is far smaller; more is a mistake. */
const MAX_HEAD_FILE_BYTES = 256 * 1024 * 1024;
const MAX_DESCRIPTION_BYTES = 1024 * 1024;

export interface HeadSetDescription {
  readonly method: HeadMethod;
  /** Full path of the safetensors file. */
  readonly filePath: string;
  /** Unchecked. */
  readonly depth: unknown;
  /** Unchecked; only MTP heads have one. */
  readonly window: unknown;
  /** Unchecked. */
  readonly calibration: unknown;
  readonly licence: string;
  /** What the heads were trained on; they are of no use to another model. */
  readonly trunk: { readonly sourceSha256: string; readonly adapterSha256: string };
  /** `PackageHeads.sourceSha256` of what is built from this. */
  readonly sourceSha256: string;
}

/**
 * The head sets in a folder; none when it has no `heads.json`. Head files are hashed (30 MB take about 20 ms), so that a
 * changed file is noticed.
 *
 * Errors: one sentence that names the file found wrong.
 */
export async function readHeadsDescription(folder: string): Promise<Result<readonly HeadSetDescription[], string>> {
  const read = await readHeadsFile(folder);
  if (!read.ok) {
    return read;
  }
  const file = path.join(folder, 'heads.json');
  const { heads = [] } = read.value;
  if (!Array.isArray(heads) || heads.length > HEAD_METHODS.length) {
    return err(`${file}: heads is not a list of draft heads`);
  }
  const sets: HeadSetDescription[] = [];
  for (const [index, entry] of heads.entries()) {
    const set = await readHeadSet(folder, entry);
    if (!set.ok) {
      return err(`${file}: heads[${index}] ${set.error}`);
    }
    if (sets.some(({ method }) => method === set.value.method)) {
      return err(`${file}: there are two sets of ${set.value.method} heads`);
    }
    sets.push(set.value);
  }
  return ok(sets);
}

/** What `heads.json` of a folder says, unchecked but for its version; an empty object when there is none. */
export async function readHeadsFile(folder: string): Promise<Result<Readonly<Record<string, unknown>>, string>> {
  const file = path.join(folder, 'heads.json');
  const bytes = await sizeOf(file);
  if (bytes === undefined) {
    return ok({});
  }
  if (bytes > MAX_DESCRIPTION_BYTES) {
    return err(`${file} has ${bytes} bytes, which no description of draft heads has`);
  }
  let root: Record<string, unknown>;
  try {
    root = asObject(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    return err(`${file} cannot be read: ${(error as Error).message}`);
  }
  return root.formatVersion === HEADS_FORMAT_VERSION
    ? ok(root)
    : err(`${file}: formatVersion is ${String(root.formatVersion)}, this version reads ${HEADS_FORMAT_VERSION}`);
}

async function readHeadSet(folder: string, entry: unknown): Promise<Result<HeadSetDescription, string>> {
  const { method, file, depth, window, calibration, licence, trunk } = asObject(entry);
  const { sourceSha256, adapterSha256 } = asObject(trunk);
  if (!HEAD_METHODS.includes(method as HeadMethod)) {
    return err(`has the method ${String(method)}, expected one of ${HEAD_METHODS.join(', ')}`);
  }
  if (typeof file !== 'string' || !isSafeFileName(file)) {
    return err('names no plain file');
  }
  if (typeof sourceSha256 !== 'string' || typeof adapterSha256 !== 'string' || typeof licence !== 'string') {
    return err('lacks trunk.sourceSha256, trunk.adapterSha256 or licence');
  }
  const filePath = path.join(folder, file);
  const bytes = await sizeOf(filePath);
  if (bytes === undefined || bytes > MAX_HEAD_FILE_BYTES) {
    return err(bytes === undefined ? `names ${file}, which is not there` : `names ${file}, which has ${bytes} bytes`);
  }
  const hash = createHash('sha256').update(`${HEADS_BUILDER_VERSION}\n${JSON.stringify(entry)}\n`);
  hash.update(await readFile(filePath));
  return ok({
    method: method as HeadMethod,
    filePath,
    depth,
    window,
    calibration,
    licence,
    trunk: { sourceSha256, adapterSha256 },
    sourceSha256: hash.digest('hex'),
  });
}

/** An empty object stands for anything that is none: its fields are then found missing. */
export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch {
    // Whatever the reason, there is no file to be used.
    return undefined;
  }
}
