import { Argument, Command } from 'commander';
import { parseAdapterOption } from '../model/adapter/chooseAdapter.ts';
import { cacheDirectory } from '../model/cacheDirectory.ts';
import { DEFAULT_MODEL_ID } from '../model/catalogue.ts';
import type { PrepareFailure, PrepareProgress } from '../model/prepareModel.ts';
import { prepareModel } from '../model/prepareModel.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure, InterruptedError, UsageError } from './cliError.ts';
import { createShareCounter } from './counter.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { writeJson, writeLines, writeNote } from './output.ts';
import { createProgressBar } from './progressBar.ts';

interface FetchOptions extends GlobalOptions {
  readonly adapter?: string;
}

/** `model fetch`: the package of a catalogue model, fetched and built if it is not there. */
export function modelFetchCommand(environment: CliEnvironment): Command {
  return new Command('fetch')
    .description('fetch a model of the catalogue and build its package')
    .addArgument(new Argument('[id]', 'model id').default(DEFAULT_MODEL_ID))
    .option(
      '--adapter <dir|none>',
      'adapter merged into the weights (default: the one that ships for the model, if any)',
    )
    .action((id: string, _own: unknown, command: Command) =>
      fetchModel(environment, id, command.optsWithGlobals<FetchOptions>()),
    );
}

async function fetchModel(environment: CliEnvironment, id: string, options: FetchOptions): Promise<void> {
  const display = createDisplay();
  const prepared = await prepareModel({
    id,
    quantization: options.quantization,
    adapter: parseAdapterOption(options.adapter, environment.root),
    catalogueRoot: environment.root,
    cacheDirectory: cacheDirectory(),
    signal: environment.interrupt,
    onProgress: display.show,
    ...(options.verbose ? { log: writeNote } : {}),
  }).finally(display.finish);
  if (!prepared.ok) {
    throw toError(prepared.error);
  }
  const { directory, isNew } = prepared.value;
  if (options.json) {
    writeJson({ id, quantization: options.quantization, dir: directory, new: isNew });
    return;
  }
  writeLines([`${id} (${options.quantization}) ${isNew ? 'is ready' : 'was ready already'}: ${directory}`]);
}

/** Bytes while fetching, then the share of the build. */
function createDisplay(): { readonly show: (progress: PrepareProgress) => void; readonly finish: () => void } {
  const bar = createProgressBar();
  const building = createShareCounter('building the package');
  const show = (progress: PrepareProgress): void => {
    switch (progress.phase) {
      case 'build':
        bar.finish();
        building.update(progress.fraction);
        return;
      case 'download':
        bar.update(`downloading from ${progress.source}`, progress.receivedBytes, progress.totalBytes);
        return;
      case 'verify':
        bar.update('checking the file', progress.receivedBytes, progress.totalBytes);
        return;
      case 'wait':
        bar.finish();
        writeNote('waiting for another process that prepares the same model');
        return;
      case 'search':
        return;
    }
  };
  return {
    show,
    finish: () => {
      bar.finish();
      building.finish();
    },
  };
}

function toError({ reason, message }: PrepareFailure): Error {
  switch (reason) {
    case 'cancelled':
      return new InterruptedError();
    case 'unknown-model':
      return new UsageError(message);
    default:
      return new CommandFailure(message);
  }
}
