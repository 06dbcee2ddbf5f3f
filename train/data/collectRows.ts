import { languageIdForFileName } from '../../src/pipeline/context/languageIds.ts';
import type { ArchiveFile } from './archive/archiveFile.ts';
import type { CorpusRow } from './corpusRow.ts';
import type { DropReason } from './filter/dropReason.ts';
import { decodeSource, dropReason, isForeignFolder, MAX_BYTES, MIN_BYTES } from './filter/dropReason.ts';
import { scrubEmails } from './filter/scrubEmails.ts';
import { foreignLicenceFolders } from './licence/packageLicence.ts';
import type { ManifestPackage } from './manifest.ts';
import type { PackageChoice } from './packageList.ts';
import { packageKey, packageName } from './packageList.ts';
import { shuffleByKey } from './shuffleByKey.ts';

export interface CollectedRows {
  readonly rows: readonly CorpusRow[];
  readonly dropped: ReadonlyMap<DropReason | 'packageLimit', number>;
}

/** So that no single large package sets the tone of a language; UTF-8 bytes per package and language. */
const MAX_LANGUAGE_BYTES = 2_500_000;

/**
 * Takes the usable source files out of one package's archive, in shuffled order, up to a limit for each language.
 *
 * Duplicates are left to `selectRows`.
 */
export function collectRows(
  choice: Pick<PackageChoice, 'languages' | 'include'>,
  entry: Pick<ManifestPackage, 'name' | 'classifier' | 'registry' | 'version' | 'licence'>,
  files: readonly ArchiveFile[],
): CollectedRows {
  const foreignFolders = foreignLicenceFolders(files);
  const bytesByLanguage = new Map<string, number>();
  const dropped = new Map<DropReason | 'packageLimit', number>();
  const rows: CorpusRow[] = [];
  for (const file of shuffleByKey(files, (each) => `${packageKey(entry)}/${each.path}`)) {
    const language = languageIdForFileName(file.path);
    const isIncluded = choice.include?.some((prefix) => file.path.startsWith(prefix)) ?? true;
    if (!choice.languages.includes(language) || !isIncluded) {
      continue;
    }
    const bytes = (bytesByLanguage.get(language) ?? 0) + file.bytes.length;
    // Past the limit nothing is looked at any more: most of the time goes into the filters.
    const isFull = bytes > MAX_LANGUAGE_BYTES && file.bytes.length <= MAX_BYTES;
    const text = isFull ? undefined : decodeSource(file.bytes);
    const reason = isFull ? 'packageLimit' : reasonToDrop(file, text, choice.include !== undefined, foreignFolders);
    if (reason !== undefined || text === undefined) {
      const counted = reason ?? 'notUtf8';
      dropped.set(counted, (dropped.get(counted) ?? 0) + 1);
      continue;
    }
    bytesByLanguage.set(language, bytes);
    rows.push({
      package: packageName(entry),
      registry: entry.registry,
      version: entry.version,
      licence: entry.licence,
      language,
      path: file.path,
      text: scrubEmails(text),
    });
  }
  return { rows, dropped };
}

function reasonToDrop(
  { path, bytes }: ArchiveFile,
  text: string | undefined,
  isFolderChosen: boolean,
  foreignFolders: readonly string[],
): DropReason | undefined {
  if (!isFolderChosen && isForeignFolder(path)) {
    return 'foreignFolder';
  }
  if (foreignFolders.some((folder) => path.startsWith(folder))) {
    return 'foreignLicence';
  }
  if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) {
    return 'size';
  }
  return text === undefined ? 'notUtf8' : dropReason(path, text);
}
