import type { CancellationToken } from 'vscode-jsonrpc/node';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { Logger } from '../../base/logger.ts';
import type { Quantization } from '../../model/manifest.ts';
import type { ClearCachesResult, CompletionParameters, CompletionResult, Device } from '../protocol.ts';
import { CRASH_WINDOW_MS, decideAfterCrash } from './crashPolicy.ts';
import type { EngineState, WhatToDo } from './engineState.ts';
import { WorkerClient, WorkerDiedError } from './workerClient.ts';

/** What to load and how; a change of any of it is a restart. */
export interface EngineConfiguration {
  readonly model:
    | {
        readonly kind: 'catalogue';
        readonly id: string;
        readonly quantization: Quantization;
        readonly catalogueRoot: string;
      }
    | { readonly kind: 'directory'; readonly directory: string };
  readonly device: Device;
  readonly threads: number;
  readonly cacheBytes: number;
  readonly measurementsDirectory: string;
}

/** The time that restarts wait in; tests bring their own. */
export interface Scheduler {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Calls `action` later, unless the returned function was called before. */
  after(delayMs: number, action: () => void): () => void;
}

export const systemScheduler: Scheduler = {
  now: () => performance.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface SupervisedWorkerOptions {
  readonly scriptPath: string;
  readonly logger: Logger;
  readonly scheduler?: Scheduler;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Keeps one worker process with a loaded model alive: starts it on demand, restarts it after a crash with growing delay,
 * moves to the CPU when another device keeps crashing it, and gives up in a clear state when that does not help.
 */
export class SupervisedWorker {
  private readonly options: SupervisedWorkerOptions;
  private readonly scheduler: Scheduler;
  private readonly listeners = new Set<(state: EngineState) => void>();
  private readonly closings = new Set<Promise<void>>();
  private currentState: EngineState = { kind: 'idle' };
  private configuration: EngineConfiguration | undefined;
  private client: WorkerClient | undefined;
  private download: CancellationTokenSource | undefined;
  private cancelRestart: (() => void) | undefined;
  private allowsDownload = false;
  /** Crashes on the device in use. */
  private crashTimesMs: number[] = [];
  /** Why the CPU is used instead of the configured device. */
  private cpuFallback: string | undefined;
  /** Changes whenever what is under way loses its meaning; a continuation that finds another number does nothing. */
  private attempt = 0;

  constructor(options: SupervisedWorkerOptions) {
    this.options = options;
    this.scheduler = options.scheduler ?? systemScheduler;
  }

  get state(): EngineState {
    return this.currentState;
  }

  /** The process of the moment, for diagnostics. */
  get processId(): number | undefined {
    return this.client?.processId;
  }

  /** Calls the listener at every change, until the returned function is called. */
  onDidChangeState(listener: (state: EngineState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Starts with this configuration; does nothing when that is what already runs, or was given up on. */
  start(configuration: EngineConfiguration): void {
    const isSame = JSON.stringify(configuration) === JSON.stringify(this.configuration);
    if (isSame && this.currentState.kind !== 'idle') {
      return;
    }
    if (!isSame) {
      this.allowsDownload = false;
    }
    this.configuration = configuration;
    this.restart();
  }

  /** Starts afresh, whatever the state: earlier crashes and the move to the CPU are forgotten. */
  restart(): void {
    this.crashTimesMs = [];
    this.cpuFallback = undefined;
    void this.replace();
  }

  /** The user's consent: from here on the model of this configuration may be downloaded. */
  allowDownload(): void {
    this.allowsDownload = true;
    this.restart();
  }

  /** Stops a preparation under way; what was received is kept for the next one. */
  cancelDownload(): void {
    this.allowsDownload = false;
    this.download?.cancel();
  }

  /**
   * One completion. Never rejects: a process that dies meanwhile answers every open request with the same `failed`, and
   * while no model is loaded the answer is `not-loaded`.
   */
  async complete(parameters: CompletionParameters, token?: CancellationToken): Promise<CompletionResult> {
    const { client } = this;
    if (client === undefined || this.currentState.kind !== 'ready') {
      return { kind: 'not-loaded' };
    }
    try {
      return await client.complete(parameters, token);
    } catch (error) {
      return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Forgets documents and measurements; undefined while no model is loaded, or when the process ends meanwhile. */
  async clearCaches(): Promise<ClearCachesResult | undefined> {
    const { client } = this;
    if (client === undefined || this.currentState.kind !== 'ready') {
      return undefined;
    }
    try {
      return await client.clearCaches();
    } catch (error) {
      this.options.logger.warn(`caches were not cleared: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** Resident bytes of the engine's process; undefined while there is none that could say. */
  async residentBytes(): Promise<number | undefined> {
    try {
      return (await this.client?.memory())?.residentBytes;
    } catch {
      // The process ended meanwhile, which is told as a change of state.
      return undefined;
    }
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    this.attempt++;
    this.stopClient();
    this.setState({ kind: 'idle' });
    await Promise.all(this.closings);
  }

  private async replace(): Promise<void> {
    const attempt = ++this.attempt;
    this.stopClient();
    // Two loaded models at once may be more than the machine's memory.
    await Promise.all(this.closings);
    if (attempt === this.attempt && this.configuration !== undefined) {
      await this.bringUp(this.configuration);
    }
  }

  private async bringUp(configuration: EngineConfiguration): Promise<void> {
    const attempt = ++this.attempt;
    const isCurrent = (): boolean => attempt === this.attempt;
    const client = new WorkerClient(this.options.scriptPath, {
      logger: this.options.logger,
      environment: this.options.environment ?? {},
      onDeath: (detail) => {
        if (isCurrent()) {
          this.onCrash(detail, configuration);
        }
      },
      onPrepareProgress: (progress) => {
        if (isCurrent() && this.currentState.kind === 'preparing') {
          this.setState({ kind: 'preparing', progress });
        }
      },
    });
    this.client = client;
    try {
      const directory = await this.prepare(client, configuration, isCurrent);
      if (directory !== undefined && isCurrent()) {
        await this.load(client, configuration, directory, isCurrent);
      }
    } catch (error) {
      // A dead process is `onCrash`'s business, and so is every request that died with it.
      if (!(error instanceof WorkerDiedError) && isCurrent()) {
        this.fail(error instanceof Error ? error.message : String(error), 'look-at-log');
      }
    }
  }

  /** The folder of the model's package; undefined when there is none and the state says why. */
  private async prepare(
    client: WorkerClient,
    { model }: EngineConfiguration,
    isCurrent: () => boolean,
  ): Promise<string | undefined> {
    if (model.kind === 'directory') {
      return model.directory;
    }
    this.setState({ kind: 'preparing' });
    const source = new CancellationTokenSource();
    this.download = source;
    const { id, quantization, catalogueRoot } = model;
    const parameters = { id, quantization, catalogueRoot, allowDownload: this.allowsDownload };
    const result = await client.prepare(parameters, source.token).finally(() => {
      source.dispose();
      this.download = undefined;
    });
    if (result.ok || !isCurrent()) {
      return result.ok ? result.directory : undefined;
    }
    if (result.reason === 'not-allowed' || result.reason === 'cancelled') {
      this.attempt++;
      this.stopClient();
      this.setState({ kind: 'model-missing', message: result.message });
    } else {
      this.fail(result.message, 'start-again');
    }
    return undefined;
  }

  private async load(
    client: WorkerClient,
    configuration: EngineConfiguration,
    directory: string,
    isCurrent: () => boolean,
  ): Promise<void> {
    this.setState({ kind: 'loading' });
    const { threads, cacheBytes, measurementsDirectory } = configuration;
    const device = this.cpuFallback === undefined ? configuration.device : 'cpu';
    const result = await client.load({ directory, device, threads, cacheBytes, measurementsDirectory });
    if (!isCurrent()) {
      return;
    }
    if (result.ok) {
      const degraded = this.cpuFallback ?? result.model.fallback;
      this.setState({ kind: 'ready', model: result.model, ...(degraded === undefined ? {} : { degraded }) });
    } else if (device === 'cpu' || device === 'auto') {
      this.fail(result.message, 'look-at-log');
    } else {
      this.cpuFallback = `${result.message} (using the CPU instead)`;
      await this.replace();
    }
  }

  private onCrash(detail: string, configuration: EngineConfiguration): void {
    const nowMs = this.scheduler.now();
    const isOnCpu =
      this.cpuFallback !== undefined ||
      configuration.device === 'cpu' ||
      (this.currentState.kind === 'ready' && this.currentState.model.device === 'cpu');
    this.crashTimesMs = [...this.crashTimesMs.filter((timeMs) => nowMs - timeMs < CRASH_WINDOW_MS), nowMs];
    const decision = decideAfterCrash(this.crashTimesMs, isOnCpu);
    const reason = `the engine's process ended unexpectedly (${detail})`;
    this.options.logger.warn(`${reason}; ${decision.kind}`);
    this.client = undefined;
    switch (decision.kind) {
      case 'give-up':
        this.fail(
          `the engine's process ended ${decision.crashes} times within a minute, last with ${detail}`,
          'look-at-log',
        );
        return;
      case 'fall-back-to-cpu':
        this.cpuFallback = `The engine's process kept ending on the device "${configuration.device}", so the CPU is used.`;
        this.crashTimesMs = [];
        break;
      case 'restart':
        break;
    }
    const attempt = ++this.attempt;
    this.setState({ kind: 'restarting', delayMs: decision.delayMs, reason });
    this.cancelRestart = this.scheduler.after(decision.delayMs, () => {
      if (attempt === this.attempt) {
        void this.bringUp(configuration);
      }
    });
  }

  private fail(message: string, whatToDo: WhatToDo): void {
    this.attempt++;
    this.stopClient();
    this.setState({ kind: 'failed', message, whatToDo });
  }

  private stopClient(): void {
    this.cancelRestart?.();
    this.cancelRestart = undefined;
    const { client } = this;
    this.client = undefined;
    if (client !== undefined) {
      const closing: Promise<void> = client.close().finally(() => this.closings.delete(closing));
      this.closings.add(closing);
    }
  }

  private setState(state: EngineState): void {
    if (state.kind !== this.currentState.kind) {
      this.options.logger.info(`engine: ${state.kind}${'message' in state ? ` (${state.message})` : ''}`);
    }
    this.currentState = state;
    for (const listener of [...this.listeners]) {
      listener(state);
    }
  }
}
