/**
 * The models Foretoken knows: `models/<id>/model.json` pins the official weight file of each and says where it can be had.
 * The files ship with the product, but a user or a fork may edit them, so their shape is checked before anything in them
 * becomes a path, a URL or a command argument.
 */

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import { isSafeFileName } from './manifest.ts';

export const DEFAULT_MODEL_ID = 'qwen2.5-coder-0.5b';

export interface WeightFile {
  /** A plain file name: no separators. */
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. This, not the source, is what makes the file trusted. */
  readonly sha256: string;
}

export interface HuggingFaceSource {
  readonly kind: 'huggingface';
  /** `owner/name`. */
  readonly repository: string;
  /** A full commit id, never a branch. */
  readonly revision: string;
}

/** The same bytes cut into `parts` consecutive pieces, one Python wheel each. */
export interface PypiSource {
  readonly kind: 'pypi';
  /** The package name with `{part}` where the part's number (from 1) goes. */
  readonly package: string;
  readonly version: string;
  readonly parts: number;
}

export type WeightSource = HuggingFaceSource | PypiSource;

export interface CatalogueEntry {
  readonly id: string;
  readonly title: string;
  readonly licence: string;
  readonly file: WeightFile;
  /** In the order in which they are tried. */
  readonly sources: readonly WeightSource[];
}

/**
 * Reads every model of the catalogue, sorted by id.
 *
 * `root` is the folder that holds `models/`. Errors: one sentence that names the file found wrong.
 */
export async function listCatalogue(root: string): Promise<Result<readonly CatalogueEntry[], string>> {
  const ids = await listIds(root);
  if (ids.length === 0) {
    return err(`the model catalogue in ${path.join(root, 'models')} is missing or empty; install Foretoken again`);
  }
  const entries: CatalogueEntry[] = [];
  for (const id of ids) {
    const entry = await readEntryFile(root, id);
    if (!entry.ok) {
      return entry;
    }
    entries.push(entry.value);
  }
  return ok(entries);
}

/** The model whose official weight file has this hash, where the catalogue has one and can be read. */
export async function findCatalogueEntry(root: string, weightsSha256: string): Promise<CatalogueEntry | undefined> {
  const entries = await listCatalogue(root);
  return entries.ok ? entries.value.find(({ file }) => file.sha256 === weightsSha256) : undefined;
}

/**
 * Reads one model of the catalogue.
 *
 * Errors: one sentence; for an unknown id it lists the known ones.
 */
export async function readCatalogueEntry(root: string, id: string): Promise<Result<CatalogueEntry, string>> {
  const ids = await listIds(root);
  if (!ids.includes(id)) {
    return err(`there is no model "${id}" in the catalogue; known models: ${ids.join(', ') || 'none'}`);
  }
  return readEntryFile(root, id);
}

/** Checks a parsed `model.json` field by field; the error names the first field found wrong. */
export function parseCatalogueEntry(value: unknown): Result<CatalogueEntry, string> {
  try {
    return ok(checkEntry(value));
  } catch (error) {
    if (error instanceof CatalogueError) {
      return err(error.message);
    }
    throw error;
  }
}

const ID_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const MAX_WEIGHT_BYTES = 1024 ** 4;
const MAX_PARTS = 999;

class CatalogueError extends Error {}

async function listIds(root: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path.join(root, 'models'), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && ID_PATTERN.test(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

async function readEntryFile(root: string, id: string): Promise<Result<CatalogueEntry, string>> {
  const file = path.join(root, 'models', id, 'model.json');
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    return err(`${file} cannot be read: ${(error as Error).message}`);
  }
  const entry = parseCatalogueEntry(value);
  if (!entry.ok) {
    return err(`${file} is not a model definition: ${entry.error}`);
  }
  return entry.value.id === id ? entry : err(`${file} is not a model definition: its id is "${entry.value.id}"`);
}

function checkEntry(value: unknown): CatalogueEntry {
  const root = asObject(value, 'model');
  const file = asObject(root.file, 'file');
  const name = asText(file.name, 'file.name');
  if (!isSafeFileName(name)) {
    throw new CatalogueError('file.name is not a plain file name');
  }
  if (!Array.isArray(root.sources) || root.sources.length > 16) {
    throw new CatalogueError('sources is not a list of sources');
  }
  return {
    id: asText(root.id, 'id', ID_PATTERN),
    title: asText(root.title, 'title'),
    licence: asText(root.licence, 'licence'),
    file: {
      name,
      bytes: asCount(file.bytes, 'file.bytes', MAX_WEIGHT_BYTES),
      sha256: asText(file.sha256, 'file.sha256', /^[0-9a-f]{64}$/),
    },
    sources: root.sources.map((source, index) => checkSource(source, `sources[${index}]`)),
  };
}

function checkSource(value: unknown, name: string): WeightSource {
  const source = asObject(value, name);
  switch (source.kind) {
    case 'huggingface':
      return {
        kind: 'huggingface',
        repository: asText(
          source.repository,
          `${name}.repository`,
          /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/,
        ),
        revision: asText(source.revision, `${name}.revision`, /^[0-9a-f]{40}$/),
      };
    case 'pypi':
      // Both become one command argument: they must not start like an option or hold anything but a name and a number.
      return {
        kind: 'pypi',
        package: asText(source.package, `${name}.package`, /^[a-z0-9][a-z0-9-]{0,80}\{part\}$/),
        version: asText(source.version, `${name}.version`, /^\d+(\.\d+){0,3}$/),
        parts: asCount(source.parts, `${name}.parts`, MAX_PARTS),
      };
    default:
      throw new CatalogueError(`${name}.kind is ${String(source.kind)}, expected huggingface or pypi`);
  }
}

function asObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CatalogueError(`${name} is missing or not an object`);
  }
  return value as Record<string, unknown>;
}

function asText(value: unknown, name: string, pattern = /^[^\n]{1,256}$/): string {
  if (typeof value !== 'string' || !pattern.test(value)) {
    throw new CatalogueError(`${name} is missing or has an unexpected form`);
  }
  return value;
}

function asCount(value: unknown, name: string, limit: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > limit) {
    throw new CatalogueError(`${name} is ${String(value)}, expected a whole number from 1 to ${limit}`);
  }
  return value;
}
