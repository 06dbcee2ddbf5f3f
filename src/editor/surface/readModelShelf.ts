import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { downloadDirectory, packageDirectory } from '../../model/cacheDirectory.ts';
import type { CatalogueEntry } from '../../model/catalogue.ts';
import { listCatalogue } from '../../model/catalogue.ts';
import type { ModelManifest, Quantization } from '../../model/manifest.ts';
import { parseManifest } from '../../model/manifest.ts';
import { packageFiles } from '../../model/openPackage.ts';
import type { ModelShelf, ShelfPackage } from './modelChoices.ts';

/** Looks what models there are: those of the catalogue, and the packages in the cache and inside the extension. */
export async function readModelShelf(
  extensionPath: string,
  cache: string,
  automatic: Quantization,
): Promise<ModelShelf> {
  const catalogue = await listCatalogue(extensionPath);
  const packagesFolder = path.join(cache, 'packages');
  const folders = (await folderNames(packagesFolder)).map((name) => path.join(packagesFolder, name));
  const inside = await readPackage(path.join(extensionPath, 'model'));
  const found = await Promise.all(folders.map((folder) => readPackage(folder)));
  const packages = found.flatMap((manifest, index) =>
    manifest === undefined ? [] : [describePackage(manifest, folders[index]!, cache)],
  );
  return {
    automatic,
    catalogue: (catalogue.ok ? catalogue.value : []).map((entry) => ({
      id: entry.id,
      title: entry.title,
      downloadBytes: entry.file.bytes,
      hasWeights: hasWeights(entry, cache),
    })),
    packages: inside === undefined ? packages : [describePackage(inside, undefined, cache), ...packages],
  };
}

function hasWeights({ file }: CatalogueEntry, cache: string): boolean {
  return existsSync(path.join(downloadDirectory(cache), file.name));
}

/** `directory` is undefined for the package inside the extension, which goes by its name. */
function describePackage(manifest: ModelManifest, directory: string | undefined, cache: string): ShelfPackage {
  const { id, quantization } = manifest;
  const bytes = packageFiles(manifest).reduce((sum, file) => sum + file.bytes, 0);
  const isFoundByName = directory === undefined || directory === packageDirectory(id, quantization, cache);
  return { id, quantization, bytes, setting: isFoundByName ? id : directory };
}

async function readPackage(directory: string): Promise<ModelManifest | undefined> {
  try {
    const manifest = parseManifest(JSON.parse(await readFile(path.join(directory, 'manifest.json'), 'utf8')));
    return manifest.ok ? manifest.value : undefined;
  } catch {
    // Not there, or not JSON: no package, so nothing to choose.
    return undefined;
  }
}

/** Half-built packages are passed over. */
async function folderNames(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.includes('.partial-'))
      .map(({ name }) => name)
      .sort();
  } catch {
    // No cache yet.
    return [];
  }
}
