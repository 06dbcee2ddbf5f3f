import { StaticNgrams } from '../../engine/draft/lookup/staticNgrams.ts';
import type { ModelManifest, PackageNgrams } from '../manifest.ts';
import { writePackageFile } from '../weights/packageFileWriter.ts';
import type { NgramsDescription } from './ngramsDescription.ts';

/** The table if the model can use it; else undefined, with a line for the log. */
export function fittingNgrams(
  { id, files, shape }: ModelManifest,
  described: NgramsDescription | undefined,
  log?: (line: string) => void,
): NgramsDescription | undefined {
  if (described === undefined) {
    return undefined;
  }
  if (described.tokenizerSha256 !== files.tokenizer.sha256) {
    log?.(`the table of n-grams is left out: it was counted with another tokenizer than ${id} has here`);
    return undefined;
  }
  // What the worker would refuse must not be written.
  const table = StaticNgrams.read(described.bytes, shape.vocabulary);
  if (!table.ok) {
    log?.(`the table of n-grams is left out: ${table.error}`);
    return undefined;
  }
  return described;
}

/** True when the package has exactly this table. */
export function hasNgrams({ ngrams }: ModelManifest, described: NgramsDescription | undefined): boolean {
  return ngrams?.file.sha256 === described?.sha256 && ngrams?.licence === described?.licence;
}

/** Writes the table into a package folder, unless it is there, and returns its manifest entry. */
export async function writeNgrams(
  directory: string,
  { ngrams }: ModelManifest,
  { bytes, sha256, licence }: NgramsDescription,
): Promise<PackageNgrams> {
  if (ngrams?.file.sha256 === sha256) {
    return { file: ngrams.file, licence };
  }
  // Named as draft heads are, so that it is removed as they are when the manifest no longer names it.
  return { file: await writePackageFile(directory, `heads-ngrams-${sha256.slice(0, 12)}.bin`, bytes), licence };
}
