/** The thread that runs the model: loads a package, completes prompts, one request after the other. */
import { rm } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import type { CancellationSignal } from '../../base/cancellation.ts';
import { CancelledError } from '../../base/cancellation.ts';
import type { GeneratedResult, LoadedModel } from '../../engine/generate.ts';
import { generate, PromptTooLongError } from '../../engine/generate.ts';
import type { HeadMethod, ModelManifest } from '../../model/manifest.ts';
import { HEAD_METHODS } from '../../model/manifest.ts';
import { openPackage } from '../../model/openPackage.ts';
import type { ClearCachesResult, CompletionParameters, LoadParameters, LoadResult } from '../protocol.ts';
import { acceptanceFor } from './acceptance.ts';
import { deviceStateFile } from './deviceState.ts';
import { DocumentCaches } from './documentCaches.ts';
import type { DraftMaterial } from './drafting.ts';
import { Drafting, MAX_DRAFT_NODES } from './drafting.ts';
import { loadNgrams } from './loadNgrams.ts';
import { measureForwards } from './measureForwards.ts';
import type { DraftHeads } from './onnx/draftHeads.ts';
import { loadDraftHeads } from './onnx/draftHeads.ts';
import { loadModel } from './onnx/loadModel.ts';
import { scoreText } from './scoreText.ts';
import type { EngineCompletion, EngineRequest, EngineResults, FromEngine, ToEngine } from './threadMessages.ts';
import { TokenizedTexts } from './tokenizedTexts.ts';

const clock = { now: () => performance.now() };

/** A real request waits at most for one such forward, a tenth of a second on two cores; fewer rows read much slower. */
const IDLE_PREFILL_ROWS = 16;

interface Engine {
  readonly model: LoadedModel;
  readonly caches: DocumentCaches;
  readonly heads: DraftHeads & DraftMaterial;
  readonly drafting: Drafting;
  readonly draftTexts: TokenizedTexts;
  /** Where `drafting` keeps what it learned. */
  readonly stateFile: string | undefined;
}

let engine: Engine | undefined;

// A port's handler is not awaited, so requests are chained: the runtime must never be entered twice.
let lastRequest: Promise<void> = Promise.resolve();

parentPort?.on('message', (message: ToEngine) => {
  lastRequest = lastRequest.then(() => answer(message));
});

async function answer({ id, request }: ToEngine): Promise<void> {
  try {
    send({ kind: 'answer', id, result: await handle(request) });
  } catch (error) {
    send({ kind: 'failure', id, message: error instanceof Error ? error.message : String(error) });
  }
}

function send(message: FromEngine): void {
  parentPort?.postMessage(message);
}

function warn(message: string): void {
  send({ kind: 'log', log: { level: 'warn', message } });
}

async function handle(request: EngineRequest): Promise<EngineResults[EngineRequest['kind']]> {
  switch (request.kind) {
    case 'load':
      return load(request.parameters);
    case 'complete':
      return complete(request.parameters, flagSignal(request.cancelFlag));
    case 'measure':
      return measureForwards(requireEngine().model.target, request.parameters, clock);
    case 'score':
      return scoreText(requireEngine().model, request.parameters);
    case 'clear-caches':
      return clearCaches(requireEngine());
  }
}

async function load(parameters: LoadParameters): Promise<LoadResult> {
  const startMs = clock.now();
  const opened = await openPackage(parameters.directory);
  if (!opened.ok) {
    return { ok: false, message: opened.error };
  }
  const device = parameters.device === 'auto' ? 'cpu' : parameters.device;
  if (device !== 'cpu' && device !== 'webgpu') {
    return { ok: false, message: `The device "${device}" is not supported yet; use cpu or webgpu.` };
  }
  if (device !== 'cpu' && opened.value.manifest.quantization === 'w8a8') {
    const message = `A w8a8 package runs on the processor only; use another quantization, such as q8, on ${device}.`;
    return { ok: false, message };
  }
  await unload();
  try {
    const { model, threads } = await loadModel(parameters.directory, opened.value.manifest, {
      device,
      threads: parameters.threads,
    });
    const { id, quantization } = opened.value.manifest;
    const { measurementsDirectory } = parameters;
    const stateFile =
      measurementsDirectory === undefined
        ? undefined
        : deviceStateFile(measurementsDirectory, { model: id, quantization, device, threads });
    // Heads need the hidden states, which a device's cache does not keep.
    const methods = device === 'cpu' ? HEAD_METHODS : [];
    const heads = await loadHeads(parameters.directory, opened.value.manifest, { threads, methods });
    const drafting = await Drafting.create(model.target, { material: heads, stateFile, clock, warn });
    const caches = new DocumentCaches(model.target, parameters.cacheBytes);
    engine = { model, caches, heads, drafting, draftTexts: new TokenizedTexts(model.tokenizer), stateFile };
    const { contextLength } = model.target;
    const loadMs = clock.now() - startMs;
    const { methods: availableMethods, prefillTokensPerSecond } = drafting;
    const facts = { contextLength, availableMethods, prefillTokensPerSecond, loadMs };
    return { ok: true, model: { id, quantization, device, threads, ...facts } };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { ok: false, message: `The model could not be loaded on ${device}: ${cause}` };
  }
}

/** What the package brings for drafting, without what does not load: the text is the same without it. */
async function loadHeads(
  directory: string,
  manifest: ModelManifest,
  options: { readonly threads: number; readonly methods: readonly HeadMethod[] },
): Promise<DraftHeads & DraftMaterial> {
  const table = await loadNgrams(directory, manifest);
  if (!table.ok) {
    warn(`The table of n-grams could not be loaded: ${table.error}`);
  }
  const ngrams = table.ok ? table.value : undefined;
  try {
    return { ...(await loadDraftHeads(directory, manifest, { ...options, warn })), ngrams };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    warn(`The draft heads could not be loaded: ${cause}`);
    return { ngrams, dispose: () => Promise.resolve() };
  }
}

async function unload(): Promise<void> {
  await engine?.drafting.save();
  engine?.caches.dispose();
  await engine?.heads.dispose();
  await engine?.model.target.dispose();
  engine = undefined;
}

/** Forgets the documents, the texts that drafts are copied from, and all measurements, which are made again at once. */
async function clearCaches(current: Engine): Promise<ClearCachesResult> {
  const { model, caches, heads, stateFile } = current;
  const freedBytes = caches.bytes;
  caches.dispose();
  if (stateFile !== undefined) {
    await rm(stateFile, { force: true });
  }
  const drafting = await Drafting.create(model.target, { material: heads, stateFile, clock, warn });
  engine = { ...current, drafting, draftTexts: new TokenizedTexts(model.tokenizer) };
  return { freedBytes };
}

async function complete(parameters: CompletionParameters, signal: CancellationSignal): Promise<EngineCompletion> {
  if (engine === undefined) {
    return { kind: 'not-loaded' };
  }
  if (signal.isCancellationRequested) {
    return { kind: 'stopped', stage: 'queued' };
  }
  const cache = engine.caches.use(parameters.documentId);
  if (parameters.cold === true) {
    cache.truncate(0);
  }
  try {
    const result = await generate(
      engine.model,
      cache,
      {
        ...parameters,
        ...draftingFor(engine, parameters).methodFor(parameters.draftMethod),
        acceptance: acceptanceFor(parameters),
        maxDraftNodes: Math.min(parameters.draftMaxTokens, MAX_DRAFT_NODES),
        deadlineMs: parameters.deadlineMs || undefined,
        firstTextMs: parameters.firstTextMs || undefined,
        draftTexts: engine.draftTexts.take(parameters.draftTexts),
        ...(parameters.isIdle === true ? { prefillRows: IDLE_PREFILL_ROWS } : {}),
        signal,
      },
      clock,
    );
    if (parameters.replacesCache !== undefined) {
      engine.caches.drop(parameters.replacesCache);
    }
    return { kind: 'generated', generated: toWire(result) };
  } catch (error) {
    if (error instanceof CancelledError) {
      return { kind: 'stopped', stage: error.stage };
    }
    if (error instanceof PromptTooLongError) {
      return { kind: 'prompt-too-long', message: error.message };
    }
    throw error;
  } finally {
    engine.caches.trim();
    engine.drafting.saveSometimes();
  }
}

function draftingFor({ drafting }: Engine, { experiment }: CompletionParameters): Drafting {
  return experiment === undefined ? drafting : drafting.forExperiment(experiment);
}

function toWire(result: GeneratedResult): Extract<EngineCompletion, { kind: 'generated' }>['generated'] {
  const { tokens, confidence, ...rest } = result;
  return {
    ...rest,
    tokens: tokens.length,
    meanLogProbability: confidence.mean,
    leastLogProbability: confidence.least,
    firstLineLogProbability: confidence.firstLine,
  };
}

function flagSignal(buffer: SharedArrayBuffer): CancellationSignal {
  const flag = new Int32Array(buffer);
  return {
    get isCancellationRequested() {
      return Atomics.load(flag, 0) !== 0;
    },
  };
}

function requireEngine(): Engine {
  if (engine === undefined) {
    throw new Error('no model is loaded');
  }
  return engine;
}
