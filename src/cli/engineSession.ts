import type { Logger } from '../base/logger.ts';
import { WorkerClient, WorkerDiedError } from '../inference/client/workerClient.ts';
import type { Device, LoadedModelInfo } from '../inference/protocol.ts';
import { measurementsDirectory } from '../model/cacheDirectory.ts';
import { SETTINGS } from '../settings/settings.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure, InterruptedError } from './cliError.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { writeNote } from './output.ts';
import { resolveModelDirectory } from './resolveModel.ts';

/** A worker process with a loaded model: the same process and protocol that the editor uses. */
export interface Engine {
  readonly client: WorkerClient;
  readonly model: LoadedModelInfo;
}

/**
 * What the controller knows about this machine: `kept` goes on from what earlier runs and the editor learned, and adds to it;
 * `fresh` measures the machine and learns for this run only, so that a benchmark neither profits from nor leaves anything.
 */
interface MeasurementOption {
  readonly measurements?: 'kept' | 'fresh';
}

/**
 * Starts a worker, loads the model that the options name, and ends the worker whatever happens in `use`.
 *
 * Throws `UsageError`, `CommandFailure`, `InterruptedError` and what `use` throws.
 */
export async function withEngine<T>(
  environment: CliEnvironment,
  options: GlobalOptions & MeasurementOption,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const directory = await resolveModelDirectory(environment.root, options.model, options.quantization);
  return withWorker(environment, options, async (client) =>
    use({ client, model: await loadPackage(client, directory, options, options.device) }),
  );
}

/** Loads a package into a worker. Throws `CommandFailure`. */
export async function loadPackage(
  client: WorkerClient,
  directory: string,
  options: GlobalOptions & MeasurementOption,
  device: Device,
): Promise<LoadedModelInfo> {
  const loaded = await client.load({
    directory,
    device,
    threads: options.threads,
    cacheBytes: SETTINGS.cacheMegabytes.default * 1024 * 1024,
    ...(options.measurements !== 'fresh' ? { measurementsDirectory: measurementsDirectory() } : {}),
  });
  if (!loaded.ok) {
    throw new CommandFailure(loaded.message);
  }
  return loaded.model;
}

/** Starts a worker process without a model and ends it whatever happens in `use`. */
export async function withWorker<T>(
  environment: CliEnvironment,
  options: Pick<GlobalOptions, 'verbose'>,
  use: (client: WorkerClient) => Promise<T>,
): Promise<T> {
  environment.interrupt.throwIfAborted();
  const client = new WorkerClient(environment.workerScript, {
    logger: options.verbose ? stderrLogger : silentLogger,
    // Every open call fails with the reason; there is nothing else to tell.
    onDeath: () => undefined,
  });
  if (options.verbose) {
    writeNote(`worker process ${client.processId}`);
  }
  try {
    return await Promise.race([use(client), interruption(environment.interrupt)]);
  } catch (error) {
    if (error instanceof WorkerDiedError) {
      // Ctrl+C in a terminal reaches the worker too, at times before this process has seen it.
      throw error.message.includes('SIGINT') ? new InterruptedError() : new CommandFailure(error.message);
    }
    throw error;
  } finally {
    await client.close();
  }
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) {
      reject(new InterruptedError());
    }
    signal.addEventListener('abort', () => reject(new InterruptedError()), { once: true });
  });
}

const silent = (): void => undefined;
const silentLogger: Logger = { error: silent, warn: silent, info: silent, debug: silent, trace: silent };
const stderrLogger: Logger = {
  error: writeNote,
  warn: writeNote,
  info: writeNote,
  debug: writeNote,
  trace: silent,
};
