import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { cacheDirectory, packageDirectory } from '../model/cacheDirectory.ts';
import { listCatalogue } from '../model/catalogue.ts';
import type { Quantization } from '../model/manifest.ts';
import { QUANTIZATIONS } from '../model/manifest.ts';
import { openPackage } from '../model/openPackage.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure } from './cliError.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { alignColumns, writeJson, writeLines } from './output.ts';
import { packageBytes } from './packageBytes.ts';
import { fetchCommand } from './resolveModel.ts';

interface ListedModel {
  readonly id: string;
  readonly dir: string;
  readonly ready: boolean;
  /** Of the package; of the weight file to fetch while there is none. */
  readonly bytes: number;
  readonly licence: string;
  readonly heads: readonly unknown[];
  readonly quantization: Quantization;
  /** Why a package that is there is not ready. */
  readonly problem?: string;
}

/** `model list`: the packages in the user's cache, and the catalogue's models that have none there yet. */
export function modelListCommand(environment: CliEnvironment): Command {
  return new Command('list')
    .description("list the catalogue's models and the packages on this machine")
    .action((_own: unknown, command: Command) => list(environment, command.optsWithGlobals<GlobalOptions>()));
}

async function list(environment: CliEnvironment, options: GlobalOptions): Promise<void> {
  const models = await listModels(environment.root, options.quantization);
  if (options.json) {
    writeJson(models);
    return;
  }
  writeLines(
    alignColumns([
      ['id', 'precision', 'ready', 'MB', 'licence', 'folder, or how to get it'],
      ...models.map((model) => [
        model.id,
        model.quantization,
        model.problem ?? (model.ready ? 'yes' : 'no'),
        `${(model.bytes / 1e6).toFixed(0)}${model.ready ? '' : ' to fetch'}`,
        model.licence,
        model.ready ? model.dir : fetchCommand(model.id, model.quantization),
      ]),
    ]),
  );
}

async function listModels(root: string, quantization: Quantization): Promise<readonly ListedModel[]> {
  const catalogue = await listCatalogue(root);
  if (!catalogue.ok) {
    throw new CommandFailure(catalogue.error);
  }
  const present = await listPackages();
  const missing = catalogue.value
    .map((entry) => ({
      id: entry.id,
      dir: packageDirectory(entry.id, quantization),
      ready: false,
      bytes: entry.file.bytes,
      licence: entry.licence,
      heads: [],
      quantization,
    }))
    .filter((model) => !present.some(({ dir }) => dir === model.dir));
  return [...present, ...missing].sort((left, right) => compare(left.dir, right.dir));
}

/** Packages in the cache; a folder that cannot be opened is listed under its own name with the reason. */
async function listPackages(): Promise<readonly ListedModel[]> {
  const folder = path.join(cacheDirectory(), 'packages');
  const models: ListedModel[] = [];
  for (const name of await readFolderNames(folder)) {
    const dir = path.join(folder, name);
    const opened = await openPackage(dir);
    if (opened.ok) {
      const { id, quantization, licence, heads } = opened.value.manifest;
      models.push({ id, dir, ready: true, bytes: packageBytes(opened.value.manifest), licence, heads, quantization });
    } else {
      const [, id = name, quantization = 'q8'] = new RegExp(`^(.+)-(${QUANTIZATIONS.join('|')})$`).exec(name) ?? [];
      const unknown = { bytes: 0, licence: '', heads: [], quantization: quantization as Quantization };
      models.push({ id, dir, ready: false, ...unknown, problem: opened.error });
    }
  }
  return models;
}

/** Package folders; locks and half-built packages beside them are passed over. */
async function readFolderNames(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && !entry.name.includes('.partial-')).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
