// Fetches the packages of packages.json into the archives folder and records them in manifest.json.
//
//   npx tsx train/data/fetch.ts [--update] [--split heldOut] [--only TEXT]
//
// A package that the manifest already lists is fetched in that version and checked by its hash; --update takes the
// newest version of each instead. --split and --only narrow the work to one split, or to packages with TEXT in their
// key; the rest of the manifest stays as it is. Nothing of a package is installed or run.

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readArchive } from './archive/readArchive.ts';
import { dataFolders } from './dataFolders.ts';
import { packageLicence } from './licence/packageLicence.ts';
import { isPermissive } from './licence/spdx.ts';
import type { Manifest, ManifestPackage } from './manifest.ts';
import { findPackage, formatManifest } from './manifest.ts';
import type { PackageChoice } from './packageList.ts';
import { packageKey, parsePackageList } from './packageList.ts';
import { download, downloadPoms } from './registries/download.ts';
import { repositoryFile } from './repositoryFile.ts';
import { runScript } from './runScript.ts';

const DOWNLOADS_AT_ONCE = 4;
const SAVE_EVERY = 20;

async function fetchAll(): Promise<void> {
  const { values } = parseArgs({
    options: {
      update: { type: 'boolean', default: false },
      split: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const choices = parsePackageList(readFileSync(repositoryFile('packages.json'), 'utf8'));
  const wanted = choices.filter(
    (choice) =>
      (values.split === undefined || choice.split === values.split) && packageKey(choice).includes(values.only ?? ''),
  );
  const manifestFile = repositoryFile('manifest.json');
  const previous = existsSync(manifestFile) ? (JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest) : undefined;

  const entries = new Map<string, ManifestPackage>();
  for (const choice of choices) {
    const known = findPackage(previous, choice);
    if (known !== undefined) {
      entries.set(packageKey(choice), { ...known, split: choice.split });
    }
  }
  const save = () =>
    writeFileSync(manifestFile, formatManifest({ ...previous, formatVersion: 1, packages: [...entries.values()] }));

  const failures: string[] = [];
  const queue = [...wanted];
  let done = 0;
  const work = async () => {
    for (let choice = queue.shift(); choice !== undefined; choice = queue.shift()) {
      const key = packageKey(choice);
      const pinned = values.update ? undefined : entries.get(key);
      try {
        const entry = await fetchPackage(choice, pinned);
        entries.set(key, entry);
        process.stdout.write(`${key} ${entry.version} ${entry.licence} ${entry.archive.bytes}\n`);
      } catch (error) {
        failures.push(`${key}: ${error instanceof Error ? error.message : String(error)}`);
      }
      if (++done % SAVE_EVERY === 0) {
        save();
      }
    }
  };
  await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, work));
  save();
  for (const failure of failures) {
    process.stderr.write(`not fetched: ${failure}\n`);
  }
  process.stdout.write(`${done - failures.length} packages fetched, ${failures.length} failed\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

async function fetchPackage(choice: PackageChoice, pinned: ManifestPackage | undefined): Promise<ManifestPackage> {
  const { archives, clients } = dataFolders();
  mkdirSync(archives, { recursive: true });
  mkdirSync(clients, { recursive: true });
  if (pinned !== undefined && existsSync(join(archives, pinned.archive.file))) {
    checkHash(readFileSync(join(archives, pinned.archive.file)), pinned);
    return pinned;
  }
  const folder = mkdtempSync(join(clients, 'download-'));
  try {
    const { version, file } = await download(choice, pinned?.version, folder);
    const bytes = readFileSync(file);
    if (pinned !== undefined) {
      checkHash(bytes, pinned);
    }
    const files = readArchive(bytes);
    const poms = choice.registry === 'maven' ? await downloadPoms(choice, version, folder) : [];
    const licence = packageLicence(choice.registry, files, poms);
    if (licence === undefined || !isPermissive(licence.expression)) {
      throw new Error(`no permissive licence is stated (${licence?.expression ?? 'none found'})`);
    }
    const archiveFile = archiveName(choice, version, file);
    copyFileSync(file, join(archives, `${archiveFile}.part`));
    renameSync(join(archives, `${archiveFile}.part`), join(archives, archiveFile));
    if (pinned !== undefined) {
      return pinned; // The same archive: what the corpus build counted in it stays.
    }
    const { registry, name, classifier, split } = choice;
    return {
      registry,
      name,
      ...(classifier === undefined ? {} : { classifier }),
      version,
      split,
      licence: licence.expression,
      licenceSource: licence.source,
      archive: { file: archiveFile, bytes: bytes.length, sha256: sha256(bytes) },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One flat folder: `npm-@scope+name-1.0.0.tgz`. */
function archiveName(choice: PackageChoice, version: string, file: string): string {
  const extension = file.endsWith('.tar.gz') ? '.tar.gz' : extname(file);
  return `${packageKey(choice).replace('/', '-').replaceAll('/', '+').replaceAll(':', '_')}-${version}${extension}`;
}

function checkHash(bytes: Buffer, { name, version, archive }: ManifestPackage): void {
  if (sha256(bytes) !== archive.sha256) {
    throw new Error(`the archive of ${name} ${version} is not the one in the manifest (SHA-256 differs)`);
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

runScript(fetchAll);
