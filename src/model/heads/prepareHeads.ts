import { withFileLock } from '../fetch/fileLock.ts';
import { openPackage } from '../openPackage.ts';
import type { HeadSetDescription } from './headsDescription.ts';
import { readHeadsDescription } from './headsDescription.ts';
import type { NgramsDescription } from './ngramsDescription.ts';
import { readNgramsDescription } from './ngramsDescription.ts';
import { fittingNgrams, hasNgrams } from './packageNgrams.ts';
import type { UpdateHeadsOptions } from './updateHeads.ts';
import { fittingHeads, hasHeads, updateHeads } from './updateHeads.ts';

/**
 * Gives a package the draft heads and the table of n-grams of a folder that fit it, or takes away those that are no longer
 * there; does nothing when it has them.
 *
 * Heads change speed only, so that nothing here is a failure: what goes wrong is a line for the log. Throws only the
 * signal's reason.
 */
export async function prepareHeads(directory: string, folder: string, options: UpdateHeadsOptions): Promise<void> {
  const { log, signal } = options;
  try {
    const described = await readHeadsDescription(folder);
    if (!described.ok) {
      log?.(`there will be no draft heads: ${described.error}`);
    }
    const table = await readNgramsDescription(folder);
    // A file that cannot be read at all was reported above.
    if (!table.ok && described.ok) {
      log?.(`there will be no table of n-grams: ${table.error}`);
    }
    const sets = described.ok ? described.value : [];
    const ngrams = table.ok ? table.value : undefined;
    if (await isCurrent(directory, sets, ngrams, log)) {
      return;
    }
    await withFileLock(`${directory}.lock`, { signal }, async () => {
      const opened = await openPackage(directory);
      if (opened.ok) {
        const { manifest } = opened.value;
        const updated = await updateHeads(directory, manifest, fittingHeads(manifest, sets), {
          ...options,
          ngrams: fittingNgrams(manifest, ngrams),
        });
        if (!updated.ok) {
          log?.(updated.error);
        }
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    log?.(`the draft heads of ${directory} stay as they are: ${(error as Error).message}`);
  }
}

async function isCurrent(
  directory: string,
  sets: readonly HeadSetDescription[],
  ngrams: NgramsDescription | undefined,
  log: UpdateHeadsOptions['log'],
): Promise<boolean> {
  const opened = await openPackage(directory);
  if (!opened.ok) {
    return true;
  }
  const { manifest } = opened.value;
  const hasSets = hasHeads(manifest, fittingHeads(manifest, sets, log));
  const hasTable = hasNgrams(manifest, fittingNgrams(manifest, ngrams, log));
  return hasSets && hasTable;
}
