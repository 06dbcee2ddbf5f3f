import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { describeSystemError } from '../base/describeSystemError.ts';
import { parseAdapterOption } from '../model/adapter/chooseAdapter.ts';
import { buildPackage } from '../model/buildPackage.ts';
import { packageDirectory } from '../model/cacheDirectory.ts';
import { listCatalogue } from '../model/catalogue.ts';
import { readGguf } from '../model/gguf/readGguf.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure, InterruptedError, UsageError } from './cliError.ts';
import { createShareCounter } from './counter.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { writeJson, writeLines } from './output.ts';
import { packageBytes } from './packageBytes.ts';

interface ImportOptions extends GlobalOptions {
  readonly out?: string;
  readonly id?: string;
  readonly licence?: string;
  readonly adapter?: string;
}

const ID_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** `model import`: a package from a GGUF file of the user's own. */
export function modelImportCommand(environment: CliEnvironment): Command {
  return new Command('import')
    .description('build a package from a GGUF file')
    .argument('<source.gguf>', 'weights of a supported architecture that fills in the middle')
    .option('--out <dir>', "package folder (default: the user's cache, under the id)")
    .option('--id <id>', "the model's name from here on (default: from the file's name)")
    .option('--licence <text>', "licence of the weights (default: the file's own entry)")
    .option(
      '--adapter <dir|none>',
      'adapter merged into the weights (default: the one that ships for this file, if any)',
    )
    .action((source: string, _own: unknown, command: Command) =>
      importModel(environment, source, command.optsWithGlobals<ImportOptions>()),
    );
}

async function importModel(environment: CliEnvironment, source: string, options: ImportOptions): Promise<void> {
  const header = readGguf(source);
  if (!header.ok) {
    throw new UsageError(header.error);
  }
  const id = await chooseId(environment, source, options);
  const outDir = path.resolve(options.out ?? packageDirectory(id, options.quantization));
  await requireReplaceable(outDir);
  const counter = createShareCounter('building the package');
  const built = await buildPackage({
    ggufPath: source,
    outDir,
    id,
    quantization: options.quantization,
    licence: options.licence ?? licenceOf(header.value.metadata.get('general.license')),
    adapter: parseAdapterOption(options.adapter, environment.root),
    catalogueRoot: environment.root,
    onProgress: counter.update,
    signal: environment.interrupt,
  }).finally(counter.finish);
  if (!built.ok) {
    const { reason, message } = built.error;
    throw reason === 'cancelled' ? new InterruptedError() : new CommandFailure(message);
  }
  const bytes = packageBytes(built.value);
  if (options.json) {
    const { licence, provenance } = built.value;
    writeJson({ id, dir: outDir, quantization: options.quantization, bytes, licence, adapter: provenance.adapter });
    return;
  }
  writeLines([`${id} (${options.quantization}, ${(bytes / 1e6).toFixed(0)} MB): ${outDir}`]);
}

async function chooseId(environment: CliEnvironment, source: string, options: ImportOptions): Promise<string> {
  const id = options.id ?? idFromFileName(source);
  if (!ID_PATTERN.test(id)) {
    throw new UsageError(
      `"${id}" cannot be an id; give --id with up to 64 lower-case letters, digits, dots, underscores and hyphens`,
    );
  }
  const catalogue = await listCatalogue(environment.root);
  // In the cache it would take the place of the official package, and be replaced by the next fetch.
  if (options.out === undefined && catalogue.ok && catalogue.value.some((entry) => entry.id === id)) {
    throw new UsageError(`${id} is the id of an official model; give another --id, or a folder with --out`);
  }
  return id;
}

/** `Some Model-Q8_0.gguf` to `some-model-q8_0`. */
function idFromFileName(source: string): string {
  return path
    .basename(source)
    .replace(/\.gguf$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64);
}

/** A build replaces its folder as a whole, so only a package, or nothing, may be there. */
async function requireReplaceable(directory: string): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return;
    }
    throw new UsageError(`${directory} cannot be the package folder: ${describeSystemError(error)}`);
  }
  if (names.length > 0 && !names.includes('manifest.json')) {
    throw new UsageError(`${directory} holds other files; name a new or empty folder with --out`);
  }
}

function licenceOf(value: unknown): string {
  return typeof value === 'string' && /^[^\n]{1,256}$/.test(value) ? value : 'not stated';
}
