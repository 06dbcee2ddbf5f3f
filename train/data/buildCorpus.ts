// Makes the corpus from the archives that the manifest lists: corpus/train.jsonl.gz and corpus/heldOut.jsonl.gz, one
// file of source code a line, and writes the counts into manifest.json.
//
//   npx tsx train/data/buildCorpus.ts [--partial]
//
// The result depends on packages.json, the manifest's archives and this code only. --partial leaves out packages that
// are not fetched yet, and does not touch the manifest.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readArchive } from './archive/readArchive.ts';
import { collectRows } from './collectRows.ts';
import type { CorpusRow } from './corpusRow.ts';
import { dataFolders } from './dataFolders.ts';
import type { CorpusSummary, Manifest, SplitSummary } from './manifest.ts';
import { findPackage, formatManifest } from './manifest.ts';
import { packageKey, parsePackageList } from './packageList.ts';
import { repositoryFile } from './repositoryFile.ts';
import { runScript } from './runScript.ts';
import { selectRows } from './selectRows.ts';
import { writeJsonLines } from './writeJsonLines.ts';

async function buildCorpus(): Promise<void> {
  const { values } = parseArgs({ options: { partial: { type: 'boolean', default: false } } });
  const { archives, corpus } = dataFolders();
  const choices = parsePackageList(readFileSync(repositoryFile('packages.json'), 'utf8'));
  const manifest = JSON.parse(readFileSync(repositoryFile('manifest.json'), 'utf8')) as Manifest;
  const collected = { train: [] as CorpusRow[], heldOut: [] as CorpusRow[] };
  const dropped = new Map<string, number>();

  for (const choice of choices) {
    const entry = findPackage(manifest, choice);
    const archive = join(archives, entry?.archive.file ?? '');
    if (entry === undefined || !existsSync(archive)) {
      if (values.partial) {
        continue;
      }
      throw new Error(`${packageKey(choice)} is not fetched; run train/data/fetch.ts first`);
    }
    const result = collectRows(choice, entry, readArchive(readFileSync(archive)));
    collected[choice.split].push(...result.rows);
    addCounts(dropped, result.dropped);
  }

  const fixtures = readFixtures(repositoryFile('../../test/fixtures'));
  const selected = selectRows(collected.train, collected.heldOut, fixtures);
  addCounts(dropped, selected.dropped);
  mkdirSync(corpus, { recursive: true });
  await writeJsonLines(join(corpus, 'train.jsonl.gz'), selected.train);
  await writeJsonLines(join(corpus, 'heldOut.jsonl.gz'), selected.heldOut);

  const summary: CorpusSummary = {
    train: summarise(selected.train),
    heldOut: summarise(selected.heldOut),
    dropped: sortedObject(dropped),
    overlap: selected.overlap,
  };
  if (!values.partial) {
    const rowsByPackage = groupByPackage([...selected.train, ...selected.heldOut]);
    const packages = manifest.packages
      .filter((entry) => choices.some((choice) => packageKey(choice) === packageKey(entry)))
      .map((entry) => {
        const rows = rowsByPackage.get(packageKey(entry)) ?? [];
        return { ...entry, files: rows.length, bytes: bytesByLanguage(rows) };
      });
    writeFileSync(repositoryFile('manifest.json'), formatManifest({ formatVersion: 1, packages, corpus: summary }));
  }
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
}

/** The same as `packageKey`. */
function rowKey({ registry, package: name }: CorpusRow): string {
  return `${registry}/${name}`;
}

function groupByPackage(rows: readonly CorpusRow[]): ReadonlyMap<string, readonly CorpusRow[]> {
  const groups = new Map<string, CorpusRow[]>();
  for (const row of rows) {
    const group = groups.get(rowKey(row)) ?? [];
    group.push(row);
    groups.set(rowKey(row), group);
  }
  return groups;
}

/** The texts that the project measures itself with. */
function readFixtures(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && !/\.(gz|json|bin|png)$/.test(file.name))
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
}

function summarise(rows: readonly CorpusRow[]): SplitSummary {
  return {
    packages: new Set(rows.map(rowKey)).size,
    files: rows.length,
    bytes: rows.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
    bytesByLanguage: bytesByLanguage(rows),
  };
}

function bytesByLanguage(rows: readonly CorpusRow[]): Readonly<Record<string, number>> {
  const bytes = new Map<string, number>();
  for (const { language, text } of rows) {
    bytes.set(language, (bytes.get(language) ?? 0) + Buffer.byteLength(text));
  }
  return sortedObject(bytes);
}

function addCounts(total: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [reason, count] of counts) {
    total.set(reason, (total.get(reason) ?? 0) + count);
  }
}

function sortedObject(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
}

runScript(buildCorpus);
