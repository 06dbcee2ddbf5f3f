/** Entry of the worker process: reads the host's messages at all times and hands work to the engine thread. */
import { join } from 'node:path';
import type { CancellationToken, Disposable } from 'vscode-jsonrpc/node';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { cacheDirectory } from '../../model/cacheDirectory.ts';
import type { PrepareProgress as ModelProgress } from '../../model/prepareModel.ts';
import { prepareModel } from '../../model/prepareModel.ts';
import type {
  CompletionParameters,
  CompletionResult,
  LoadParameters,
  LogMessage,
  MeasureParameters,
  MemoryResult,
  PrepareParameters,
  PrepareProgress,
  PrepareResult,
  ScoreParameters,
} from '../protocol.ts';
import { METHODS } from '../protocol.ts';
import { EngineClient } from './engineClient.ts';
import type { Job } from './requestQueue.ts';
import { RequestQueue } from './requestQueue.ts';
import type { EngineCompletion } from './threadMessages.ts';

/** Shorter than the host's patience (`workerClient.ts`). */
const LAST_FORWARD_MS = 1500;

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const queue = new RequestQueue<CompletionResult>();
const engine = new EngineClient(join(__dirname, 'engineThread.js'), log, (message) => {
  // Nothing can be answered without the engine; the host's supervisor starts a new process.
  log({ level: 'error', message: `The engine stopped: ${message}` });
  process.exit(1);
});

connection.onRequest(METHODS.prepare, prepare);
connection.onRequest(METHODS.load, (parameters: LoadParameters) => engine.send({ kind: 'load', parameters }));
connection.onRequest(METHODS.complete, complete);
connection.onRequest(METHODS.measure, (parameters: MeasureParameters) => engine.send({ kind: 'measure', parameters }));
connection.onRequest(METHODS.score, (parameters: ScoreParameters) => engine.send({ kind: 'score', parameters }));
connection.onRequest(METHODS.clearCaches, () => engine.send({ kind: 'clear-caches' }));
connection.onRequest(METHODS.memory, (): MemoryResult => ({ residentBytes: process.memoryUsage.rss() }));
connection.listen();

// A worker must never outlive the window that started it. A thread that is ended inside a forward takes the process down with
// an abort, which systems report to their users as a crash; so the forward under way may end first.
process.on('disconnect', () => {
  queue.stopAll();
  setTimeout(() => process.exit(0), LAST_FORWARD_MS);
  void engine.idle().then(() => process.exit(0));
});

function log(message: LogMessage): void {
  notify(METHODS.log, message);
}

function notify(method: string, parameters: object): void {
  void connection.sendNotification(method, parameters).catch(() => {
    // The channel is closed: nobody is left to hear it.
  });
}

async function prepare(parameters: PrepareParameters, token: CancellationToken): Promise<PrepareResult> {
  const controller = new AbortController();
  const subscription = onCancelled(token, () => controller.abort());
  const result = await prepareModel({
    ...parameters,
    cacheDirectory: cacheDirectory(),
    signal: controller.signal,
    onProgress: (progress) => notify(METHODS.prepareProgress, toWireProgress(progress)),
    log: (message) => log({ level: 'info', message }),
  });
  subscription.dispose();
  return result.ok ? { ok: true, directory: result.value.directory } : { ok: false, ...result.error };
}

function toWireProgress(progress: ModelProgress): PrepareProgress {
  if (progress.phase === 'build') {
    return { ...progress, detail: '' };
  }
  const { phase, receivedBytes, totalBytes, source } = progress;
  return { phase, fraction: receivedBytes / totalBytes, detail: source };
}

async function complete(parameters: CompletionParameters, token: CancellationToken): Promise<CompletionResult> {
  const queuedAtMs = performance.now();
  const { answer, cancel } = queue.submit(
    parameters.documentId,
    (job) => run(parameters, job, performance.now() - queuedAtMs),
    (cause) => ({ kind: cause, stage: 'queued' }),
  );
  const subscription = onCancelled(token, cancel);
  try {
    return await answer;
  } finally {
    subscription.dispose();
  }
}

async function run(parameters: CompletionParameters, job: Job, queuedMs: number): Promise<CompletionResult> {
  try {
    const completion = await engine.send({ kind: 'complete', parameters, cancelFlag: job.cancelFlag });
    return toResult(completion, job, queuedMs);
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

/** A request that was cancelled before it was read comes with a token that is set but never fires. */
function onCancelled(token: CancellationToken, listener: () => void): Disposable {
  if (token.isCancellationRequested) {
    listener();
  }
  return token.onCancellationRequested(listener);
}

function toResult(completion: EngineCompletion, job: Job, queuedMs: number): CompletionResult {
  switch (completion.kind) {
    case 'generated': {
      const { generated } = completion;
      return { kind: 'generated', generated: { ...generated, ms: { queued: queuedMs, ...generated.ms } } };
    }
    case 'stopped':
      return { kind: job.stopCause ?? 'cancelled', stage: completion.stage };
    default:
      return completion;
  }
}
