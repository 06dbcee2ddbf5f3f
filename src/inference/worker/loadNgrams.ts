import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import { StaticNgrams } from '../../engine/draft/lookup/staticNgrams.ts';
import type { ModelManifest } from '../../model/manifest.ts';

/**
 * The package's table of n-grams, or undefined when it has none.
 *
 * Errors: one sentence. Completion needs no table, so that a failure is no reason not to load the model.
 */
export async function loadNgrams(
  directory: string,
  { ngrams, shape }: ModelManifest,
): Promise<Result<StaticNgrams | undefined, string>> {
  if (ngrams === undefined) {
    return ok(undefined);
  }
  try {
    const table = StaticNgrams.read(await readFile(join(directory, ngrams.file.name)), shape.vocabulary);
    return table.ok ? table : err(`${ngrams.file.name} cannot be used: ${table.error}`);
  } catch (error) {
    return err((error as Error).message);
  }
}
