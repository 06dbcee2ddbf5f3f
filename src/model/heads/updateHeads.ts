import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import type { ModelManifest, PackageHeads } from '../manifest.ts';
import { parseManifest } from '../manifest.ts';
import { ModelError } from '../modelError.ts';
import { packageFiles } from '../openPackage.ts';
import { writePackageFile } from '../weights/packageFileWriter.ts';
import type { HeadSetDescription } from './headsDescription.ts';
import type { NgramsDescription } from './ngramsDescription.ts';
import { writeNgrams } from './packageNgrams.ts';
import { writeHeadSet } from './writeHeadSet.ts';

export interface UpdateHeadsOptions {
  readonly log?: ((line: string) => void) | undefined;
  readonly signal: AbortSignal;
}

export interface UpdateHeadsContent extends UpdateHeadsOptions {
  /** The table of n-grams that the package shall have. */
  readonly ngrams?: NgramsDescription | undefined;
}

/** The sets that were trained on the package's very weights. Others are left out, with a line for the log. */
export function fittingHeads(
  manifest: ModelManifest,
  sets: readonly HeadSetDescription[],
  log?: (line: string) => void,
): readonly HeadSetDescription[] {
  const { sourceSha256, adapter } = manifest.provenance;
  return sets.filter(({ method, trunk }) => {
    const fits = trunk.sourceSha256 === sourceSha256 && trunk.adapterSha256 === adapter;
    if (!fits) {
      log?.(`the ${method} draft heads are left out: they were trained for other weights than ${manifest.id} has here`);
    }
    return fits;
  });
}

/** True when the package has exactly these sets. */
export function hasHeads(manifest: ModelManifest, sets: readonly HeadSetDescription[]): boolean {
  return manifest.heads.map(hashOf).join() === sets.map(hashOf).join();
}

/**
 * Gives a package the draft heads of these sets and this table, in place of those it has; the weights of the model are not
 * touched.
 *
 * The package is whole at every moment: files are added first, then the manifest is replaced, then what no longer belongs
 * is removed. A set that cannot be used is left out with a line for the log. The caller holds the package's lock.
 */
export async function updateHeads(
  directory: string,
  manifest: ModelManifest,
  sets: readonly HeadSetDescription[],
  { log, signal, ngrams }: UpdateHeadsContent,
): Promise<Result<ModelManifest, string>> {
  try {
    await removeStrayHeads(directory, manifest);
    const heads: PackageHeads[] = [];
    for (const set of sets) {
      const known = manifest.heads.find(({ sourceSha256 }) => sourceSha256 === set.sourceSha256);
      const built = known ?? (await buildSet(directory, manifest, set, { log, signal }));
      if (built !== undefined) {
        heads.push(built);
      }
    }
    const { ngrams: _, ...rest } = manifest;
    const table = ngrams === undefined ? {} : { ngrams: await writeNgrams(directory, manifest, ngrams) };
    const updated = { ...rest, heads, ...table };
    const temporary = `manifest.partial-${process.pid}.json`;
    const json = Buffer.from(`${JSON.stringify(updated, undefined, 2)}\n`);
    await rm(path.join(directory, temporary), { force: true });
    await writePackageFile(directory, temporary, json);
    await rename(path.join(directory, temporary), path.join(directory, 'manifest.json'));
    await removeStrayHeads(directory, updated);
    return ok(updated);
  } catch (error) {
    signal.throwIfAborted();
    return err(`the draft heads could not be written to ${directory}: ${(error as Error).message}`);
  }
}

/** Undefined when the set cannot be used. */
async function buildSet(
  directory: string,
  manifest: ModelManifest,
  set: HeadSetDescription,
  { log, signal }: UpdateHeadsOptions,
): Promise<PackageHeads | undefined> {
  try {
    const heads = await writeHeadSet(directory, manifest, set, signal);
    // What the worker would refuse must not be written: the reader's rules are the format.
    const checked = parseManifest({ ...manifest, heads: [heads] });
    if (!checked.ok) {
      throw new ModelError('damaged', checked.error);
    }
    return heads;
  } catch (error) {
    if (!(error instanceof ModelError) || error.reason === 'cancelled') {
      throw error;
    }
    log?.(`the ${set.method} draft heads are left out: ${set.filePath} cannot be used: ${error.message}`);
    return undefined;
  }
}

/** Removes head files that the manifest does not name, left by an older set or a killed update. One that is in use on Windows stays until the next time. */
async function removeStrayHeads(directory: string, manifest: ModelManifest): Promise<void> {
  const known = new Set(packageFiles(manifest).map(({ name }) => name));
  for (const name of await readdir(directory)) {
    if (/^(heads|manifest\.partial)-/.test(name) && !known.has(name)) {
      await rm(path.join(directory, name), { force: true }).catch(() => undefined);
    }
  }
}

function hashOf({ sourceSha256 }: { readonly sourceSha256: string }): string {
  return sourceSha256;
}
