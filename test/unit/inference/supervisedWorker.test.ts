import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { EngineState } from '../../../src/inference/client/engineState.ts';
import { describeEngineState } from '../../../src/inference/client/engineState.ts';
import type { EngineConfiguration, Scheduler } from '../../../src/inference/client/supervisedWorker.ts';
import { SupervisedWorker } from '../../../src/inference/client/supervisedWorker.ts';
import type { CompletionParameters, Device } from '../../../src/inference/protocol.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const SCRIPT = path.join(import.meta.dirname, '../../support/standInWorker.cjs');
const silent = { error: ignore, warn: ignore, info: ignore, debug: ignore, trace: ignore };

describe('SupervisedWorker', () => {
  const directory = useTemporaryDirectory();
  let worker: SupervisedWorker;
  let time: VirtualTime;

  function create(crashes: Readonly<Record<string, number>> = {}): void {
    time = new VirtualTime();
    worker = new SupervisedWorker({
      scriptPath: SCRIPT,
      logger: silent,
      scheduler: time,
      environment: { STAND_IN_DIRECTORY: directory(), STAND_IN_CRASHES: JSON.stringify(crashes) },
    });
  }

  afterEach(() => worker.close());

  it('prepares, loads and becomes ready', async () => {
    create();
    const kinds = recordKinds(worker);
    worker.start(configuration('present'));
    await reached(worker, 'ready');
    assert.deepEqual(kinds, ['preparing', 'loading', 'ready']);
  });

  it('starts nothing a second time for the same configuration', async () => {
    create();
    worker.start(configuration('present'));
    await reached(worker, 'ready');
    worker.start(configuration('present'));
    assert.equal(worker.state.kind, 'ready');
  });

  it('restarts after crashes with growing delay', async () => {
    create({ 'load on cpu': 3 });
    worker.start(configuration('present'));
    await reached(worker, 'ready', () => time.advance());
    assert.deepEqual(time.delaysMs, [200, 1000, 5000]);
  });

  it('gives up after four crashes within a minute and says what to do', async () => {
    create({ 'load on cpu': 99 });
    worker.start(configuration('present'));
    const state = await reached(worker, 'failed', () => time.advance());
    assert.equal(startedProcesses(directory()).length, 4);
    assert.match(describeEngineState(state).long, /ended 4 times within a minute.*Look at the log/);
  });

  it('starts again when the user asks for it after it gave up', async () => {
    create({ 'load on cpu': 4 });
    worker.start(configuration('present'));
    await reached(worker, 'failed', () => time.advance());
    worker.restart();
    await reached(worker, 'ready');
  });

  it('does not count crashes that are more than a minute apart together', async () => {
    create();
    worker.start(configuration('present'));
    for (let crash = 0; crash < 5; crash++) {
      await reached(worker, 'ready', () => time.advance());
      await worker.complete(completion('crash'));
      await reached(worker, 'restarting');
      time.skip(61_000);
    }
    assert.deepEqual(time.delaysMs, [200, 200, 200, 200, 200]);
  });

  it('moves to the CPU when another device keeps crashing, and says so', async () => {
    create({ 'load on webgpu': 99 });
    worker.start(configuration('present', 'webgpu'));
    const state = await reached(worker, 'ready', () => time.advance());
    assert.equal(state.kind === 'ready' && state.model.device, 'cpu');
    assert.match(describeEngineState(state).long, /kept ending on the device "webgpu", so the CPU is used/);
  });

  it('fails every open request with one reason when the process dies, and answers the next one after the restart', async () => {
    create();
    worker.start(configuration('present'));
    await reached(worker, 'ready');
    const open = [completion('wait'), completion('wait'), completion('crash')].map((request) =>
      worker.complete(request),
    );
    const answers = await Promise.all(open);
    const dead = { kind: 'failed', message: 'the worker process ended (signal SIGKILL)' };
    assert.deepEqual(answers, [dead, dead, dead]);
    assert.deepEqual(await worker.complete(completion('next')), { kind: 'not-loaded' });
    await reached(worker, 'ready', () => time.advance());
    assert.deepEqual(await worker.complete(completion('next')), { kind: 'superseded', stage: 'queued' });
  });

  it('clears caches of a loaded model, and says when there is none', async () => {
    create();
    assert.equal(await worker.clearCaches(), undefined);
    assert.equal(await worker.residentBytes(), undefined);
    worker.start(configuration('present'));
    await reached(worker, 'ready');
    assert.deepEqual(await worker.clearCaches(), { freedBytes: 12 });
    assert.equal(await worker.residentBytes(), 34);
  });

  it('waits for consent before a download, which can be cancelled', async () => {
    create();
    worker.start(configuration('absent'));
    await reached(worker, 'model-missing');
    worker.allowDownload();
    await reached(
      worker,
      'preparing',
      undefined,
      (state) => state.kind === 'preparing' && state.progress !== undefined,
    );
    assert.equal(describeEngineState(worker.state).short, 'downloading 50%');
    worker.cancelDownload();
    await reached(worker, 'model-missing');
  });

  it('reports a package that cannot be loaded without trying again', async () => {
    create();
    worker.start(configuration('damaged'));
    const state = await reached(worker, 'failed');
    assert.match(describeEngineState(state).long, /The package is damaged\./);
    assert.equal(startedProcesses(directory()).length, 1);
  });

  it('leaves no process behind', async () => {
    create();
    worker.start(configuration('present'));
    await reached(worker, 'ready');
    await worker.close();
    assert.deepEqual(startedProcesses(directory()).filter(isAlive), []);
    assert.equal(worker.state.kind, 'idle');
  });

  it('leaves no process behind when it is closed while starting', async () => {
    create();
    worker.start(configuration('present'));
    await reached(worker, 'preparing');
    await worker.close();
    assert.deepEqual(startedProcesses(directory()).filter(isAlive), []);
  });
});

/** Time that moves only when told to. */
class VirtualTime implements Scheduler {
  readonly delaysMs: number[] = [];
  private nowMs = 0;
  private pending: { readonly atMs: number; readonly action: () => void } | undefined;

  now(): number {
    return this.nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    this.delaysMs.push(delayMs);
    const entry = { atMs: this.nowMs + delayMs, action };
    this.pending = entry;
    return () => {
      this.pending = this.pending === entry ? undefined : this.pending;
    };
  }

  /** Runs what is waiting. */
  advance(): void {
    const entry = this.pending;
    if (entry !== undefined) {
      this.pending = undefined;
      this.nowMs = Math.max(this.nowMs, entry.atMs);
      entry.action();
    }
  }

  skip(ms: number): void {
    this.nowMs += ms;
  }
}

/** Resolves at the first state of this kind; `onRestarting` is called whenever a restart waits. */
function reached(
  worker: SupervisedWorker,
  kind: EngineState['kind'],
  onRestarting?: () => void,
  accept: (state: EngineState) => boolean = () => true,
): Promise<EngineState> {
  return new Promise((resolve) => {
    const look = (state: EngineState): boolean => {
      if (state.kind === kind && accept(state)) {
        resolve(state);
        return true;
      }
      if (state.kind === 'restarting' && onRestarting !== undefined) {
        setImmediate(onRestarting);
      }
      return false;
    };
    if (!look(worker.state)) {
      const stop = worker.onDidChangeState((state) => {
        if (look(state)) {
          stop();
        }
      });
    }
  });
}

function recordKinds(worker: SupervisedWorker): EngineState['kind'][] {
  const kinds: EngineState['kind'][] = [];
  worker.onDidChangeState((state) => kinds.push(state.kind));
  return kinds;
}

function configuration(id: string, device: Device = 'cpu'): EngineConfiguration {
  return {
    model: { kind: 'catalogue', id, quantization: 'q8', catalogueRoot: 'nowhere' },
    device,
    threads: 1,
    cacheBytes: 1,
    measurementsDirectory: 'unused',
  };
}

function completion(prefix: string): CompletionParameters {
  return {
    documentId: prefix,
    prompt: { prefix, suffix: '', tail: '' },
    heal: true,
    singleLine: true,
    allowsCodeFence: false,
    stopRules: true,
    maxTokens: 8,
    draftMethod: 'off',
    acceptanceMode: 'exact',
    acceptanceThreshold: 0.09,
    draftMaxTokens: 8,
    draftTree: true,
    draftTexts: [],
    remember: false,
  };
}

function startedProcesses(directory: string): number[] {
  const text = readFileSync(path.join(directory, 'starts'), 'utf8');
  return text.trim().split('\n').map(Number);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    // No such process: that is the answer.
    return false;
  }
}

function ignore(): void {
  // A log that nobody reads.
}
