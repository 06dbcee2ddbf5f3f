// Makes the held-out positions file, with its text, from heldOutPositions.jsonl.gz and the fetched held-out packages:
//
//   npx tsx train/data/fetch.ts --split heldOut
//   npx tsx train/data/makeHeldOutPositions.ts [--files] [OUT]
//
// `--files` adds other files of its package to each row, for `eval --context files`. OUT is corpus/heldOutPositions.jsonl.gz in the data folder unless it is given. The rows are those that
// `foretoken eval --positions` reads.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Position } from '../../src/cli/positions.ts';
import { readArchive } from './archive/readArchive.ts';
import { dataFolders } from './dataFolders.ts';
import { decodeSource } from './filter/dropReason.ts';
import type { Manifest, ManifestPackage } from './manifest.ts';
import { packageName } from './packageList.ts';
import type { HeldOutPosition } from './positions/heldOutPositions.ts';
import { otherFiles, restorePosition } from './positions/heldOutPositions.ts';
import { readJsonLines } from './readJsonLines.ts';
import { repositoryFile } from './repositoryFile.ts';
import { runScript } from './runScript.ts';
import { writeJsonLines } from './writeJsonLines.ts';

runScript(async () => {
  const { values, positionals } = parseArgs({ options: { files: { type: 'boolean' } }, allowPositionals: true });
  const withFiles = values.files === true;
  const [outputArgument] = positionals;
  const { archives, corpus } = dataFolders();
  const manifest = JSON.parse(readFileSync(repositoryFile('manifest.json'), 'utf8')) as Manifest;
  const listed = await readJsonLines<HeldOutPosition>(repositoryFile('heldOutPositions.jsonl.gz'));
  const textsByPackage = new Map<string, ReadonlyMap<string, string>>();
  const positions = listed.map((position): Position => {
    const key = `${position.registry}/${position.package}`;
    const texts = textsByPackage.get(key) ?? readTexts(findEntry(manifest, position), archives);
    textsByPackage.set(key, texts);
    const restored = restorePosition(position, texts.get(position.path) ?? '');
    if (restored === undefined) {
      throw new Error(`${key} ${position.version} has no place ${position.offset} in ${position.path}`);
    }
    return withFiles ? { ...restored, files: otherFiles(position, texts) } : restored;
  });
  const output = resolve(outputArgument ?? join(corpus, 'heldOutPositions.jsonl.gz'));
  mkdirSync(dirname(output), { recursive: true });
  await writeJsonLines(output, positions);
  process.stdout.write(`${positions.length} positions written to ${output}\n`);
});

function findEntry(manifest: Manifest, position: HeldOutPosition): ManifestPackage {
  const entry = manifest.packages.find(
    (candidate) => candidate.registry === position.registry && packageName(candidate) === position.package,
  );
  if (entry === undefined || entry.version !== position.version) {
    throw new Error(`manifest.json does not list ${position.package} ${position.version}; the positions need it`);
  }
  return entry;
}

function readTexts({ name, archive }: ManifestPackage, archives: string): ReadonlyMap<string, string> {
  const file = join(archives, archive.file);
  if (!existsSync(file)) {
    throw new Error(`${name} is not fetched; run train/data/fetch.ts --split heldOut first`);
  }
  const bytes = readFileSync(file);
  if (createHash('sha256').update(bytes).digest('hex') !== archive.sha256) {
    throw new Error(`${file} is not the archive of the manifest; delete it and run train/data/fetch.ts again`);
  }
  return new Map(readArchive(bytes).map((member) => [member.path, decodeSource(member.bytes) ?? '']));
}
