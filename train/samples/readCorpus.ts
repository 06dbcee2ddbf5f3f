import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { SourceFile } from './drawGroup.ts';
import type { Random } from './random.ts';
import { createRandom } from './random.ts';

/** Files with text of this length are code that people write; shorter ones have no context, longer ones are often tables. */
const TEXT_CHARS = [500, 120_000] as const;
/** Minified and generated code has lines that no person wrote. */
const MAX_MEAN_LINE_CHARS = 90;

/** Where training keeps everything that is too large for the repository. */
export function trainRoot(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.FORETOKEN_TRAIN ?? path.join(homedir(), '.cache', 'foretoken', 'train');
}

/** Files kept of each package and language: enough to draw from, and the whole corpus does not fit in memory. */
const MAX_FILES_PER_SHELF = 80;

/**
 * Files of one part of the corpus (`train` or `heldOut`) that samples can be cut from, line feeds only: all of a small
 * package, a random choice of a large one.
 */
export function readCorpus(filePath: string, random: Random = createRandom(1)): readonly SourceFile[] {
  const shelves = new Map<string, { seen: number; readonly files: SourceFile[] }>();
  for (const row of linesOf(gunzipSync(readFileSync(filePath)))) {
    const { package: name, language, path: filePathInPackage, text } = JSON.parse(row) as SourceFile;
    const file = { package: name, language, path: filePathInPackage, text: text.replaceAll('\r\n', '\n') };
    if (!isUsable(file.text)) {
      continue;
    }
    const key = `${language} ${name}`;
    const shelf = shelves.get(key) ?? { seen: 0, files: [] };
    shelves.set(key, shelf);
    shelf.seen++;
    if (shelf.files.length < MAX_FILES_PER_SHELF) {
      shelf.files.push(file);
      continue;
    }
    // Reservoir sampling (Vitter 1985, algorithm R): every file of the shelf is kept with the same probability.
    const place = random.integer(0, shelf.seen - 1);
    if (place < shelf.files.length) {
      shelf.files[place] = file;
    }
  }
  return [...shelves.values()].flatMap(({ files }) => files);
}

/** Lines one by one, because the whole is longer than a string may be. */
function* linesOf(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length; ) {
    const lineFeed = bytes.indexOf(10, start);
    const end = lineFeed === -1 ? bytes.length : lineFeed;
    yield bytes.toString('utf8', start, end);
    start = end + 1;
  }
}

function isUsable(text: string): boolean {
  const meanLineChars = text.length / text.split('\n').length;
  return text.length >= TEXT_CHARS[0] && text.length <= TEXT_CHARS[1] && meanLineChars <= MAX_MEAN_LINE_CHARS;
}

const OTHER_FILES = 4;

export interface DrawnFile {
  readonly file: SourceFile;
  /** Other files of the same package and language, as many as there are up to a few. */
  readonly others: readonly SourceFile[];
}

/**
 * Draws files so that no language and no large package crowds out the others: a language by the square root of its size, then
 * any of its packages, then any file of that.
 */
export function createFileDrawer(files: readonly SourceFile[], random: Random): () => DrawnFile {
  const byLanguage = groupBy(files, ({ language }) => language);
  const weights = Object.fromEntries([...byLanguage].map(([language, rows]) => [language, Math.sqrt(rows.length)]));
  const packages = new Map(
    [...byLanguage].map(([language, rows]) => [language, [...groupBy(rows, (file) => file.package).values()]]),
  );
  return () => {
    const rows = random.pick(packages.get(random.pickWeighted(weights))!);
    const file = random.pick(rows);
    const start = random.integer(0, rows.length - 1);
    const others = [...rows.slice(start), ...rows.slice(0, start)].filter((other) => other !== file);
    return { file, others: others.slice(0, OTHER_FILES) };
  };
}

/** The items by key, keys in the order in which they first come up. */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [item]);
    } else {
      group.push(item);
    }
  }
  return groups;
}
