/**
 * Collects what draft heads are trained on: the hidden states and best tokens of a built package over samples.
 *
 *     npx tsx train/heads/collect.ts --name train --samples train [--continuation greedy] [--seconds 290]
 *
 * Reads <root>/samples/<samples>.jsonl.gz; writes <root>/heads/<name>/collection.json and shards beside it (`shard.ts`),
 * and <root>/heads/trunk/<hash>.safetensors (`trunkFile.ts`), where <root> is $FORETOKEN_TRAIN or ~/.cache/foretoken/train. Started
 * again, it goes on after the last whole shard. A file <root>/pause: waits until it is gone. SIGTERM: ends at once; what is not
 * in a whole shard is collected again.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { LoadedModel } from '../../src/engine/generate.ts';
import { loadModel } from '../../src/inference/worker/onnx/loadModel.ts';
import { defaultPackageDirectory } from '../../src/model/defaultPackage.ts';
import type { ModelManifest } from '../../src/model/manifest.ts';
import { openPackage } from '../../src/model/openPackage.ts';
import type { Sample } from '../samples/buildSample.ts';
import { trainRoot } from '../samples/readCorpus.ts';
import { continueGreedily } from './continueGreedily.ts';
import { readSamples } from './readSamples.ts';
import { scoreSequence } from './scoreSequence.ts';
import type { Continuation, ShardEntry } from './shard.ts';
import { writeShard } from './shard.ts';
import { writeTrunkFile } from './trunkFile.ts';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'train' },
    samples: { type: 'string', default: 'train' },
    package: { type: 'string', default: defaultPackageDirectory() },
    /** `greedy`: the trunk's own text; `middle`: the file's, an eighth of the time; `both`. */
    continuation: { type: 'string', default: 'greedy' },
    'greedy-tokens': { type: 'string', default: '32' },
    /** Tokens of the file's own text that a greedy continuation starts with: the word that healing would fix. */
    'forced-tokens': { type: 'string', default: '1' },
    /** Rows of the prompt kept before the completion. */
    window: { type: 'string', default: '128' },
    /** Samples taken, from the first. */
    limit: { type: 'string', default: '1000000' },
    'shard-samples': { type: 'string', default: '16' },
    /** No shard is begun that would probably not be whole by then. */
    seconds: { type: 'string', default: '1000000' },
    threads: { type: 'string', default: '0' },
  },
});

const GREEDY_TOKENS = Number(values['greedy-tokens']);
const FORCED_TOKENS = Number(values['forced-tokens']);
const WINDOW = Number(values.window);
const SHARD_SAMPLES = Number(values['shard-samples']);

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const root = trainRoot();
  const folder = path.join(root, 'heads', values.name);
  mkdirSync(folder, { recursive: true });
  const opened = await openPackage(values.package);
  if (!opened.ok) {
    throw new Error(opened.error);
  }
  const { manifest } = opened.value;
  const { samples, sha256 } = readSamples(path.join(root, 'samples', `${values.samples}.jsonl.gz`));
  describeCollection(path.join(folder, 'collection.json'), manifest, sha256);
  const shardCount = Math.ceil(Math.min(Number(values.limit), samples.length) / SHARD_SAMPLES);
  const present = new Set(await readdir(folder));
  const missing = Array.from({ length: shardCount }, (_, shard) => shard).filter(
    (shard) => !present.has(nameOf(shard)),
  );
  const { model } = await loadModel(values.package, manifest, { device: 'cpu', threads: Number(values.threads) });
  try {
    const trunkFile = path.join(root, 'heads', 'trunk', `${trunkHash(manifest)}.safetensors`);
    if (!existsSync(trunkFile)) {
      mkdirSync(path.dirname(trunkFile), { recursive: true });
      await writeTrunkFile(trunkFile, values.package, manifest, model);
    }
    await collectShards(model, manifest, samples, folder, missing);
  } finally {
    await model.target.dispose();
  }
}

async function collectShards(
  model: LoadedModel,
  manifest: ModelManifest,
  samples: readonly Sample[],
  folder: string,
  shards: readonly number[],
): Promise<void> {
  const startMs = performance.now();
  let longestMs = 0;
  for (const [done, shard] of shards.entries()) {
    if (performance.now() - startMs + longestMs > Number(values.seconds) * 1000) {
      log(folder, { event: 'time is over', shardsLeft: shards.length - done });
      return;
    }
    const shardStartMs = performance.now();
    const first = shard * SHARD_SAMPLES;
    const entries: ShardEntry[] = [];
    const cache = model.target.createCache();
    for (const [index, sample] of samples.slice(first, first + SHARD_SAMPLES).entries()) {
      await waitWhilePaused();
      const { prompt } = sample;
      if (prompt.length === 0 || prompt.length + longestCompletion(sample) > manifest.shape.contextLength) {
        continue;
      }
      for (const continuation of continuations()) {
        const completion = await complete(model, cache, sample, continuation);
        const sequence = await scoreSequence(model.target, cache, prompt, completion, WINDOW);
        entries.push({ sample: first + index, continuation, sequence });
      }
    }
    cache.dispose();
    writeShard(path.join(folder, nameOf(shard)), entries, manifest.shape.hidden);
    const ms = performance.now() - shardStartMs;
    longestMs = Math.max(longestMs, ms);
    const scoredRows = entries.reduce((sum, { sequence }) => sum + sequence.scores.length, 0);
    const rows = entries.reduce((sum, { sequence }) => sum + sequence.tokens.length, 0);
    log(folder, {
      event: 'shard',
      shard,
      sequences: entries.length,
      rows,
      scoredRows,
      seconds: Math.round(ms / 100) / 10,
    });
  }
  log(folder, { event: 'done' });
}

/** With room for the rows that a draft or a padded forward adds. */
function longestCompletion({ middle }: Sample): number {
  return Math.max(middle.length, GREEDY_TOKENS) + 16;
}

/** The completion's tokens. */
async function complete(
  model: LoadedModel,
  cache: ReturnType<LoadedModel['target']['createCache']>,
  { prompt, middle }: Sample,
  continuation: Continuation,
): Promise<readonly number[]> {
  if (continuation === 'middle') {
    return middle;
  }
  const forced = middle.slice(0, FORCED_TOKENS);
  const written = await continueGreedily(model, cache, [...prompt, ...forced], GREEDY_TOKENS - forced.length);
  return [...forced, ...written];
}

function continuations(): readonly Continuation[] {
  switch (values.continuation) {
    case 'both':
      return ['middle', 'greedy'];
    case 'middle':
    case 'greedy':
      return [values.continuation];
    default:
      throw new Error(`--continuation is ${values.continuation}; it is greedy, middle or both`);
  }
}

/** Writes what the collection is, or checks that it is the same one that was begun. */
function describeCollection(file: string, manifest: ModelManifest, samplesSha256: string): void {
  const { shape, provenance, fillInTheMiddle } = manifest;
  const description = {
    format: 'foretoken hidden states 1',
    model: manifest.id,
    quantization: manifest.quantization,
    trunk: { sourceSha256: provenance.sourceSha256, adapterSha256: provenance.adapter, file: trunkHash(manifest) },
    shape,
    stop: fillInTheMiddle.stop,
    samples: { name: values.samples, sha256: samplesSha256 },
    continuations: continuations(),
    greedyTokens: GREEDY_TOKENS,
    forcedTokens: FORCED_TOKENS,
    window: WINDOW,
    shardSamples: SHARD_SAMPLES,
  };
  const json = `${JSON.stringify(description, undefined, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') !== json) {
    throw new Error(`${file} was begun with another package, samples or options; name a new collection with --name`);
  }
  writeFileSync(file, json);
}

/** The weights that hidden states come from: the same for every build of the same model, quantisation and adapter. */
function trunkHash({ files }: ModelManifest): string {
  return files.weights[0]!.sha256.slice(0, 16);
}

function nameOf(shard: number): string {
  return `shard-${String(shard).padStart(6, '0')}.safetensors`;
}

async function waitWhilePaused(): Promise<void> {
  while (existsSync(path.join(trainRoot(), 'pause'))) {
    await setTimeout(500);
  }
}

function log(folder: string, fields: Readonly<Record<string, unknown>>): void {
  const line = `${JSON.stringify({ time: new Date().toISOString(), ...fields })}\n`;
  appendFileSync(path.join(folder, 'log.jsonl'), line);
  process.stdout.write(line);
}
