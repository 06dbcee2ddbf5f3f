import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { Logger } from '../../../src/base/logger.ts';
import { WorkerClient, WorkerDiedError } from '../../../src/inference/client/workerClient.ts';
import type { CompletionParameters } from '../../../src/inference/protocol.ts';
import { buildTinyModel } from '../../../src/model/tinyModel.ts';

const script = fileURLToPath(new URL('../../../dist/worker.js', import.meta.url));

function parametersFor(documentId: string, overrides: Partial<CompletionParameters> = {}): CompletionParameters {
  return {
    documentId,
    prompt: { prefix: 'const a = 1;\n', suffix: '\nreturn a;\n', tail: '  retu' },
    heal: true,
    singleLine: false,
    allowsCodeFence: false,
    stopRules: false,
    maxTokens: 16,
    draftMethod: 'off',
    acceptanceMode: 'exact',
    acceptanceThreshold: 0.09,
    draftMaxTokens: 8,
    draftTree: true,
    draftTexts: [],
    remember: false,
    ...overrides,
  };
}

/** A request that takes the tiny model seconds, so that others meet it while it runs. */
const long: Partial<CompletionParameters> = { maxTokens: 600 };

describe('worker process with a tiny model', function () {
  this.timeout(60_000);
  let folder: string;
  let client: WorkerClient;
  const deaths: string[] = [];
  const warnings: string[] = [];
  const logger: Logger = {
    error() {},
    warn: (message) => warnings.push(message),
    info() {},
    debug() {},
    trace() {},
  };

  function start(): WorkerClient {
    return new WorkerClient(script, { logger, onDeath: (detail) => deaths.push(detail) });
  }

  async function load(directory = join(folder, 'tiny')) {
    return client.load({ directory, device: 'cpu', threads: 1, cacheBytes: 64 * 1024 * 1024 });
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foretoken-worker-'));
    const built = await buildTinyModel(join(folder, 'tiny'));
    assert.ok(built.ok);
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(() => {
    deaths.length = 0;
    warnings.length = 0;
    client = start();
  });

  afterEach(async () => {
    await client.close();
  });

  it('completes, the same text from a warm and from a cold cache', async () => {
    assert.equal((await load()).ok, true);
    const first = await client.complete(parametersFor('a'));
    const warm = await client.complete(parametersFor('a'));
    const cold = await client.complete(parametersFor('a', { cold: true }));
    assert.ok(first.kind === 'generated' && warm.kind === 'generated' && cold.kind === 'generated');
    assert.deepEqual([warm.generated.text, cold.generated.text], [first.generated.text, first.generated.text]);
    assert.deepEqual([warm.generated.freshTokens, cold.generated.freshTokens], [1, first.generated.promptTokens]);
  });

  it('tells of every token only when it is asked to', async () => {
    await load();
    const plain = await client.complete(parametersFor('a'));
    const traced = await client.complete(parametersFor('a', { trace: true }));
    assert.ok(plain.kind === 'generated' && traced.kind === 'generated');
    assert.equal(plain.generated.trace, undefined);
    const { text, trace, tokens } = traced.generated;
    const written = trace!.steps.flatMap((step) => step.tokens);
    assert.equal(
      written
        .map((token) => token.text)
        .join('')
        .slice(trace!.typedChars),
      text,
    );
    assert.equal(written.length, tokens);
    assert.equal(written[0]!.origin, 'healed');
  });

  it('says how much memory it takes while the engine is busy', async () => {
    await load();
    const busy = client.complete(parametersFor('a', long));
    const { residentBytes } = await client.memory();
    assert.ok(residentBytes > 1e6);
    const newer = await client.complete(parametersFor('a', { experiment: { id: 'try', startsFrom: 'fresh' } }));
    assert.deepEqual([(await busy).kind, newer.kind], ['superseded', 'generated']);
  });

  it('forgets documents and measurements, measures anew, and writes the same text afterwards', async () => {
    const measurementsDirectory = join(folder, 'measurements');
    const directory = join(folder, 'tiny');
    await client.load({ directory, device: 'cpu', threads: 1, cacheBytes: 64 * 1024 * 1024, measurementsDirectory });
    const before = await client.complete(parametersFor('a'));
    const [file] = await readdir(measurementsDirectory);
    await writeFile(join(measurementsDirectory, file!), 'learned');
    const { freedBytes } = await client.clearCaches();
    const after = await client.complete(parametersFor('a'));
    assert.ok(freedBytes > 0 && before.kind === 'generated' && after.kind === 'generated');
    assert.equal(after.generated.freshTokens, after.generated.promptTokens);
    assert.equal(after.generated.text, before.generated.text);
    assert.ok((await readFile(join(measurementsDirectory, file!), 'utf8')).startsWith('{'));
    assert.equal((await client.clearCaches()).freedBytes > 0, true);
    assert.equal((await client.clearCaches()).freedBytes, 0);
  });

  it('cannot clear the caches of no model', async () => {
    await assert.rejects(client.clearCaches(), /no model is loaded/);
  });

  it('answers an older request of the same document as superseded, and lets another document wait', async () => {
    await load();
    const older = client.complete(parametersFor('a', long));
    const newer = client.complete(parametersFor('a'));
    const other = client.complete(parametersFor('b'));
    assert.deepEqual(
      (await Promise.all([older, newer, other])).map((result) => result.kind),
      ['superseded', 'generated', 'generated'],
    );
  });

  it('answers a request as cancelled whether it runs, waits, or has not been read yet', async () => {
    await load();
    const running = new CancellationTokenSource();
    const waiting = new CancellationTokenSource();
    const unread = new CancellationTokenSource();
    const answers = [client.complete(parametersFor('a', long), running.token)];
    answers.push(client.complete(parametersFor('b', long), waiting.token));
    // Answered by the worker's main thread: by then the two before it have been read.
    await client.prepare({ id: 'none', quantization: 'q8', catalogueRoot: folder, allowDownload: false });
    running.cancel();
    waiting.cancel();
    answers.push(client.complete(parametersFor('c', long), unread.token));
    unread.cancel();
    const kinds = (await Promise.all(answers)).map((result) => result.kind);
    assert.deepEqual(kinds, ['cancelled', 'cancelled', 'cancelled']);
  });

  it('says that a prompt does not fit, and that no model is loaded', async () => {
    assert.equal((await client.complete(parametersFor('a'))).kind, 'not-loaded');
    await load();
    const prompt = { prefix: 'x '.repeat(3000), suffix: '', tail: '' };
    assert.equal((await client.complete(parametersFor('a', { prompt }))).kind, 'prompt-too-long');
  });

  it('keeps the model it has when another cannot be opened', async () => {
    await load();
    const missing = await load(join(folder, 'missing'));
    assert.equal(missing.ok, false);
    assert.equal((await client.complete(parametersFor('a'))).kind, 'generated');
  });

  it('refuses a package for processors on another device, and says what to use', async () => {
    const directory = join(folder, 'integers');
    assert.ok((await buildTinyModel(directory, { quantization: 'w8a8' })).ok);
    const result = await client.load({ directory, device: 'webgpu', threads: 1, cacheBytes: 1 });
    assert.match(result.ok ? '' : result.message, /runs on the processor only; use .* q8/);
  });

  it('refuses a package whose graph is damaged, with a sentence', async () => {
    const damaged = join(folder, 'damaged');
    assert.ok((await buildTinyModel(damaged, { seed: 2 })).ok);
    const bytes = await readFile(join(damaged, 'model.onnx'));
    bytes.fill(0xff, 100, 200);
    await writeFile(join(damaged, 'model.onnx'), bytes);
    const result = await load(damaged);
    assert.match(result.ok ? '' : result.message, /could not be loaded/);
  });

  it('fails every open and later request with one reason when the process is killed', async () => {
    await load();
    const open = [client.complete(parametersFor('a', long)), client.complete(parametersFor('b'))];
    process.kill(client.processId!, 'SIGKILL');
    for (const result of await Promise.allSettled([...open, client.complete(parametersFor('c'))])) {
      assert.ok(result.status === 'rejected' && result.reason instanceof WorkerDiedError);
    }
    assert.deepEqual(deaths, ['signal SIGKILL']);
  });

  it('is gone after close, and close is not reported as a death', async () => {
    await load();
    const open = client.complete(parametersFor('a', long)).catch((error: unknown) => error);
    // Until a forward is under way.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await client.close();
    const error = await open;
    assert.ok(error instanceof WorkerDiedError);
    assert.equal(error.message, 'the engine was stopped');
    // An abort says so there.
    assert.deepEqual(warnings, []);
    assert.throws(() => process.kill(client.processId!, 0));
    assert.deepEqual(deaths, []);
  });
});
