import { createRandom, findPlaces, shuffle } from '../../../scripts/fixtures/findPlaces.mjs';
import type { Position } from '../../../src/cli/positions.ts';
import type { CorpusRow } from '../corpusRow.ts';
import type { Registry } from '../packageList.ts';

/** A place in a held-out file, without its text: a line of `heldOutPositions.jsonl.gz`. */
export interface HeldOutPosition {
  readonly id: string;
  readonly language: string;
  readonly kind: string;
  readonly package: string;
  readonly registry: Registry;
  readonly version: string;
  /** Inside the package. */
  readonly path: string;
  /** UTF-16 start of the middle in the file, decoded as UTF-8. */
  readonly offset: number;
  /** UTF-16 units of the middle. */
  readonly length: number;
}

const SEED = 20261124;
const FILES_PER_LANGUAGE = 8;
/** Places of each kind in one file: the first mid-line cursor stands inside a word, the second does not. */
const ROUNDS = 2;
const MIN_FILE_CHARACTERS = 1500;
const MAX_FILE_CHARACTERS = 40_000;
const MAX_MIDDLE_CHARACTERS = 600;

/** What `scrubEmails` puts in: the offsets must hold in the file as it was published. */
const SCRUBBED = 'name@example.com';

/** Chooses the positions: per language a number of files, the packages in turn, and in each file places of every kind. */
export function chooseHeldOutPositions(rows: readonly CorpusRow[]): readonly HeldOutPosition[] {
  const random = createRandom(SEED);
  const languages = [...new Set(rows.map((row) => row.language))].sort();
  return languages.flatMap((language) => {
    const candidates = rows.filter((row) => row.language === language && isSuitable(row.text));
    return takePackagesInTurn(shuffle(candidates, random))
      .map((row) => choosePlaces(row, random))
      .filter((places) => places.length > 0)
      .slice(0, FILES_PER_LANGUAGE)
      .flat();
  });
}

/**
 * The position with its text, from the file's text.
 *
 * Undefined where the file is too short to be the one that was listed.
 */
export function restorePosition(position: HeldOutPosition, text: string): Position | undefined {
  const { id, language, kind, path, offset, length } = position;
  const end = offset + length;
  if (end > text.length) {
    return undefined;
  }
  return {
    id,
    language,
    path: `${position.package}/${path}`,
    kind,
    prefix: text.slice(0, offset),
    suffix: text.slice(end),
    middle: text.slice(offset, end),
  };
}

const MAX_OTHER_FILES = 12;
const MAX_OTHER_FILE_CHARACTERS = 30_000;

/**
 * Other files of a position's package in the same language, the nearest folders first, as they might be open beside it.
 *
 * Files that name the middle's file (its test, say) are among them: they would be open too.
 */
export function otherFiles(
  { package: name, path }: Pick<HeldOutPosition, 'package' | 'path'>,
  texts: ReadonlyMap<string, string>,
): readonly { readonly path: string; readonly text: string }[] {
  const extension = path.slice(path.lastIndexOf('.'));
  return [...texts]
    .filter(([other, text]) => other !== path && other.endsWith(extension) && text.trim() !== '')
    .map(([other, text]) => ({
      path: other,
      text: text.slice(0, MAX_OTHER_FILE_CHARACTERS),
      near: sharedFolders(path, other),
    }))
    .sort((left, right) => right.near - left.near || (left.path < right.path ? -1 : 1))
    .slice(0, MAX_OTHER_FILES)
    .map(({ path: other, text }) => ({ path: `${name}/${other}`, text }));
}

function sharedFolders(left: string, right: string): number {
  const [one, other] = [left.split('/').slice(0, -1), right.split('/').slice(0, -1)];
  const differs = one.findIndex((folder, index) => folder !== other[index]);
  return differs === -1 ? one.length : differs;
}

function isSuitable(text: string): boolean {
  return text.length >= MIN_FILE_CHARACTERS && text.length <= MAX_FILE_CHARACTERS && !text.includes(SCRUBBED);
}

function takePackagesInTurn(rows: readonly CorpusRow[]): readonly CorpusRow[] {
  const turnByPackage = new Map<string, number>();
  return rows
    .map((row) => {
      const turn = turnByPackage.get(row.package) ?? 0;
      turnByPackage.set(row.package, turn + 1);
      return { row, turn };
    })
    .sort((left, right) => left.turn - right.turn)
    .map(({ row }) => row);
}

function choosePlaces(row: CorpusRow, random: () => number): readonly HeldOutPosition[] {
  const stem = `${row.package}-${row.path}`.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return findPlaces(row.text, row.language, random, ROUNDS)
    .filter(({ start, end }) => end - start <= MAX_MIDDLE_CHARACTERS)
    .map(({ kind, start, end, line, column }) => ({
      id: `${row.language}-${stem}-${kind}-${line + 1}-${column + 1}`,
      language: row.language,
      kind,
      package: row.package,
      registry: row.registry,
      version: row.version,
      path: row.path,
      offset: start,
      length: end - start,
    }));
}
