import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import { findCatalogueEntry } from '../catalogue.ts';
import type { Adapter, AdapterDescription } from './readAdapter.ts';
import { readAdapter, readAdapterDescription } from './readAdapter.ts';

/** `catalogue`: the one that ships for the weight file at hand, where there is one; `root` holds `models/`. */
export type AdapterChoice =
  | { readonly kind: 'none' }
  | { readonly kind: 'folder'; readonly directory: string }
  | { readonly kind: 'catalogue'; readonly root: string };

/** What a package's provenance says when no adapter was merged. */
export const NO_ADAPTER = 'none';

/** The choice that `--adapter` means; without the option, the adapter that ships. */
export function parseAdapterOption(option: string | undefined, root: string): AdapterChoice {
  if (option === undefined) {
    return { kind: 'catalogue', root };
  }
  return option === NO_ADAPTER ? { kind: 'none' } : { kind: 'folder', directory: path.resolve(option) };
}

/**
 * Reads the adapter that the choice means for weights with this hash; undefined for none.
 *
 * Errors: a sentence that says what to do; an adapter of other weights, a damaged one and a missing one are refused.
 */
export async function loadAdapter(
  choice: AdapterChoice,
  baseSha256: string,
): Promise<Result<Adapter | undefined, string>> {
  return load(choice, baseSha256, readAdapter);
}

/** As `loadAdapter`, without its matrices: enough to tell whether a package was built with it. */
export async function describeAdapter(
  choice: AdapterChoice,
  baseSha256: string,
): Promise<Result<AdapterDescription | undefined, string>> {
  return load(choice, baseSha256, readAdapterDescription);
}

async function load<T extends AdapterDescription>(
  choice: AdapterChoice,
  baseSha256: string,
  read: (directory: string) => Promise<Result<T, string>>,
): Promise<Result<T | undefined, string>> {
  const directory = await findFolder(choice, baseSha256);
  if (directory === undefined) {
    return ok(undefined);
  }
  const adapter = await read(directory);
  if (!adapter.ok) {
    return err(`${adapter.error}; name another adapter, or "--adapter none" to build without one`);
  }
  if (adapter.value.base.sha256 !== baseSha256) {
    const { name } = adapter.value.base;
    return err(
      `the adapter in ${directory} was trained on other weights (${name}, another SHA-256); name one that was trained on ` +
        'these, or "--adapter none" to build without one',
    );
  }
  return adapter;
}

async function findFolder(choice: AdapterChoice, baseSha256: string): Promise<string | undefined> {
  switch (choice.kind) {
    case 'none':
      return undefined;
    case 'folder':
      return choice.directory;
    case 'catalogue': {
      const entry = await findCatalogueEntry(choice.root, baseSha256);
      const directory = entry === undefined ? undefined : path.join(choice.root, 'models', entry.id, 'adapter');
      return directory !== undefined && (await exists(path.join(directory, 'adapter.json'))) ? directory : undefined;
    }
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    // A question, not a failure.
    return false;
  }
}
