/** The host's end of the worker process: starts it, calls it, restarts it, and never leaves it behind. */

import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import type { Logger } from '../../base/logger.ts';
import type {
  ClearCachesResult,
  CompletionParameters,
  CompletionResult,
  LoadParameters,
  LoadResult,
  LogMessage,
  MeasureParameters,
  MeasureResult,
  MemoryResult,
  PrepareParameters,
  PrepareProgress,
  PrepareResult,
  ScoreParameters,
  ScoreResult,
} from '../protocol.ts';
import { METHODS } from '../protocol.ts';

/** Thrown by every open and every later call once the process is gone; the one reason for all of them. */
export class WorkerDiedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WorkerDiedError';
  }
}

/** One worker process. `superviseWorker` keeps one alive over crashes. */
export class WorkerClient {
  private readonly child: ChildProcess;
  private readonly connection: MessageConnection;
  private readonly death: Promise<string>;
  private isClosing = false;

  /** Starts the process. `onDeath` is called once, only when the process ended without `close`. */
  constructor(
    scriptPath: string,
    options: {
      readonly logger: Logger;
      readonly onDeath: (detail: string) => void;
      readonly onPrepareProgress?: (progress: PrepareProgress) => void;
      readonly environment?: Readonly<Record<string, string | undefined>>;
    },
  ) {
    // The extension host passes its own inspector flags in execArgv; the worker must not inherit them.
    this.child = fork(scriptPath, [], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ...options.environment },
    });
    this.child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => options.logger.warn(`worker: ${text.trimEnd()}`));
    this.connection = createMessageConnection(new IPCMessageReader(this.child), new IPCMessageWriter(this.child));
    this.connection.onNotification(METHODS.log, ({ level, message }: LogMessage) => options.logger[level](message));
    this.connection.onNotification(METHODS.prepareProgress, (progress: PrepareProgress) =>
      options.onPrepareProgress?.(progress),
    );
    this.connection.onError(([error]) => options.logger.debug(`worker channel: ${error.message}`));
    this.connection.listen();
    this.death = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    void this.death.then((detail) => {
      this.connection.dispose();
      if (!this.isClosing) {
        options.onDeath(detail);
      }
    });
  }

  get processId(): number | undefined {
    return this.child.pid;
  }

  prepare(parameters: PrepareParameters, token?: CancellationToken): Promise<PrepareResult> {
    return this.call(METHODS.prepare, parameters, token);
  }

  load(parameters: LoadParameters): Promise<LoadResult> {
    return this.call(METHODS.load, parameters);
  }

  /** A cancelled token sends one cancellation; the answer still comes, with kind `cancelled`. */
  complete(parameters: CompletionParameters, token?: CancellationToken): Promise<CompletionResult> {
    return this.call(METHODS.complete, parameters, token);
  }

  measure(parameters: MeasureParameters): Promise<MeasureResult> {
    return this.call(METHODS.measure, parameters);
  }

  score(parameters: ScoreParameters): Promise<ScoreResult> {
    return this.call(METHODS.score, parameters);
  }

  /** Forgets documents and measurements of the loaded model; rejects while none is loaded. */
  clearCaches(): Promise<ClearCachesResult> {
    return this.call(METHODS.clearCaches, {});
  }

  memory(): Promise<MemoryResult> {
    return this.call(METHODS.memory, {});
  }

  /** Ends the process: closes its channel, on which it exits, and kills it when it is stuck in native code. */
  async close(): Promise<void> {
    this.isClosing = true;
    if (this.child.connected) {
      this.child.disconnect();
    }
    const timer = setTimeout(() => this.child.kill('SIGKILL'), CLOSE_PATIENCE_MS);
    await this.death;
    clearTimeout(timer);
  }

  private async call<Result>(method: string, parameters: object, token?: CancellationToken): Promise<Result> {
    const died = this.death.then((detail): never => {
      throw this.diedError(detail);
    });
    const answer =
      token === undefined
        ? this.connection.sendRequest<Result>(method, parameters)
        : this.connection.sendRequest<Result>(method, parameters, token);
    // When the process dies the connection never answers; its own rejection on dispose must not go unhandled either.
    answer.catch(() => undefined);
    return Promise.race([answer, died]).catch(async (error: unknown) => {
      // A closed channel is seen before the exit is: wait for it, so that every call fails with the same reason.
      throw this.child.connected ? error : this.diedError(await this.death);
    });
  }

  private diedError(detail: string): WorkerDiedError {
    return new WorkerDiedError(this.isClosing ? 'the engine was stopped' : `the worker process ended (${detail})`);
  }
}

/** A forward may be under way when the channel closes; a chunk takes 0.2 s, a busy machine several times that. */
const CLOSE_PATIENCE_MS = 2000;
