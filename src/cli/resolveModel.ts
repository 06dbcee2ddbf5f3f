import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { packageDirectory } from '../model/cacheDirectory.ts';
import { listCatalogue } from '../model/catalogue.ts';
import { chooseQuantization } from '../model/chooseQuantization.ts';
import type { Quantization } from '../model/manifest.ts';
import { CommandFailure, UsageError } from './cliError.ts';

/**
 * The package folder that `--model` means: a folder when it is written as a path or is one, else the package of a model id in
 * the user's cache. Throws `UsageError` or `CommandFailure` with what to do when there is none.
 */
export async function resolveModelDirectory(root: string, model: string, quantization: Quantization): Promise<string> {
  const ofId = isPath(model) ? undefined : packageDirectory(model, quantization);
  if (ofId !== undefined && (await exists(path.join(ofId, 'manifest.json')))) {
    return ofId;
  }
  const catalogue = await listCatalogue(root);
  const ids = catalogue.ok ? catalogue.value.map((entry) => entry.id) : [];
  if (ids.includes(model)) {
    throw new CommandFailure(
      `the model ${model} (${quantization}) is not on this machine yet; run "${fetchCommand(model, quantization)}"`,
    );
  }
  return requirePackageFolder(model, ids);
}

/** What brings a model's package onto this machine. */
export function fetchCommand(id: string, quantization: Quantization): string {
  const isAutomatic = quantization === chooseQuantization('auto', { device: 'auto', architecture: process.arch });
  return `foretoken model fetch ${id}${isAutomatic ? '' : ` --quantization ${quantization}`}`;
}

/** Checks that a folder looks like a package before anything opens it. Throws `UsageError`. */
async function requirePackageFolder(directory: string, knownIds: readonly string[]): Promise<string> {
  const kind = await kindOf(directory);
  if (kind === undefined) {
    throw new UsageError(
      isPath(directory) || knownIds.length === 0
        ? `there is no model folder ${directory}`
        : `there is no model "${directory}": it is neither a folder nor one of ${knownIds.join(', ')}`,
    );
  }
  if (kind === 'file') {
    throw new UsageError(`${directory} is a file; a model package is a folder with a manifest.json`);
  }
  if (!(await exists(path.join(directory, 'manifest.json')))) {
    throw new UsageError(`${directory} is not a model package: it has no manifest.json`);
  }
  return path.resolve(directory);
}

function isPath(model: string): boolean {
  return /[/\\]/.test(model) || model.startsWith('.');
}

async function kindOf(filePath: string): Promise<'folder' | 'file' | undefined> {
  try {
    return (await stat(filePath)).isDirectory() ? 'folder' : 'file';
  } catch {
    // Not there and not readable are the same to the caller.
    return undefined;
  }
}

async function exists(filePath: string): Promise<boolean> {
  try {
    await access(filePath);
    return true;
  } catch {
    // A question, not a failure.
    return false;
  }
}
