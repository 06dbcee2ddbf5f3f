/**
 * Runs the whole way to an adapter on a tiny random model, in an empty folder, in about a minute:
 *
 *     npx tsx train/adapter/rehearse.ts FOLDER
 *
 * Tiny GGUF file and package, corpus of the test fixtures, samples, training that is ended by SIGTERM and goes on, export,
 * package with the adapter merged. Fails when the loss does not fall, when a run that was interrupted differs from one that
 * was not, when the forward passes of `train/gpu` differ from these, when the merged weights have another loss than the trained ones, or
 * when the package does not name the adapter. Needs Python with train/requirements.txt; $PYTHON names it (default python3).
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { adapterSource } from '../../src/model/adapter/adapterSource.ts';
import { readAdapter } from '../../src/model/adapter/readAdapter.ts';
import { buildPackage } from '../../src/model/buildPackage.ts';
import { tinySource } from '../../src/model/tinyModel.ts';
import { languageIdForFileName } from '../../src/pipeline/context/languageIds.ts';
import { ggufBytes } from '../../test/support/ggufFile.ts';
import { plainForward } from '../../test/support/plainForward.ts';
import { tinyGguf } from '../../test/support/tinyGguf.ts';
import type { Sample } from '../samples/buildSample.ts';

const repository = path.resolve(__dirname, '../..');
const python = process.env.PYTHON ?? 'python3';

main(process.argv[2]).catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});

async function main(folder: string | undefined): Promise<void> {
  assert.ok(folder !== undefined, 'name an empty folder');
  const root = path.resolve(folder);
  const gguf = path.join(root, 'tiny.gguf');
  mkdirSync(root, { recursive: true });
  assert.deepEqual(readdirSync(root), [], `${root} is not empty`);
  writeFileSync(gguf, ggufBytes(await tinyGguf(tinySource())));
  const plain = await build(gguf, path.join(root, 'plain'), undefined);
  writeCorpus(root);
  await makeSamples(root, 'train', '400', '3');
  await makeSamples(root, 'heldOut', '30', '1');

  const samples = path.join(root, 'samples', 'train.jsonl.gz');
  await run(python, ['train/adapter/checkPacking.py', gguf, samples], root, (line) =>
    process.stdout.write(`${line}\n`),
  );
  await run(python, ['train/gpu/checkBatchModel.py', '--model', gguf, '--float32'], root);
  await run(python, ['train/gpu/checkDenseHeads.py', '--model', gguf, '--samples', samples], root);

  const options = [
    '--model',
    gguf,
    '--samples',
    '300',
    '--rate',
    '0.01',
    '--warm-up',
    '20',
    '--decay',
    '100',
    '--first-layer',
    '0',
  ];
  await train(root, [...options, '--name', 'whole', '--evaluate-every', '150', '--evaluate-on', '30']);
  const log = readLog(root, 'whole');
  const evaluations = log.filter(({ event }) => event === 'evaluation').map(({ middleNats }) => middleNats!);
  assert.ok(evaluations.at(-1)! < evaluations[0]! - 0.3, `nats per token of the middle: ${evaluations.join(', ')}`);

  const interrupted = [...options, '--name', 'interrupted', '--evaluate-every', '0'];
  await train(root, interrupted, 5);
  assert.equal(readLog(root, 'interrupted').at(-1)!.event, 'stopped');
  await train(root, interrupted);
  const lossOf = (name: string): readonly number[] => readLog(root, name).flatMap(({ loss }) => loss ?? []);
  const [whole, parted] = [lossOf('whole'), lossOf('interrupted')];
  assert.equal(parted.length, whole.length);
  assert.ok(parted.every((loss, step) => Math.abs(loss - whole[step]!) < 0.01));

  const adapter = path.join(root, 'export');
  await run(python, ['train/adapter/export.py', '--name', 'whole', '--out', adapter, '--base-name', 'tiny.gguf'], root);
  await compareNats(root, gguf, adapter);
  await goOnWith(root, adapter, options, evaluations.at(-1)!);
  const merged = await build(gguf, path.join(root, 'merged'), adapter);
  assert.match(merged.provenance.adapter, /^[0-9a-f]{64}$/);
  assert.notDeepEqual(merged.files.weights, plain.files.weights);
  process.stdout.write(`rehearsed: ${evaluations.map((nats) => nats.toFixed(2)).join(' → ')} nats per token\n`);
}

/** A run that begins with an exported adapter begins where that one ended, but for its half precision. */
async function goOnWith(root: string, adapter: string, options: readonly string[], endedAt: number): Promise<void> {
  const further = ['--name', 'further', '--begin-with', adapter, '--samples', '20'];
  await train(root, [...options, ...further, '--evaluate-every', '20', '--evaluate-on', '30']);
  const begun = readLog(root, 'further').find(({ event }) => event === 'evaluation')!.middleNats!;
  assert.ok(Math.abs(begun - endedAt) < 0.02, `begun at ${begun} nats, the adapter ended at ${endedAt}`);
}

async function build(ggufPath: string, outDir: string, adapter: string | undefined) {
  const built = await buildPackage({
    ggufPath,
    outDir,
    id: 'tiny',
    quantization: 'q8',
    licence: 'none',
    adapter: adapter === undefined ? { kind: 'none' } : { kind: 'folder', directory: adapter },
  });
  assert.ok(built.ok, built.ok ? '' : built.error.message);
  return built.value;
}

/** The code of the test fixtures as both parts of a corpus. */
function writeCorpus(root: string): void {
  const code = path.join(repository, 'test/fixtures/code');
  const rows = readdirSync(code, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({
      package: 'fixtures',
      language: languageIdForFileName(file),
      path: path.relative(code, file),
      text: readFileSync(file, 'utf8'),
    }));
  mkdirSync(path.join(root, 'corpus'), { recursive: true });
  for (const part of ['train', 'heldOut']) {
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    writeFileSync(path.join(root, 'corpus', `${part}.jsonl.gz`), gzipSync(text));
  }
}

/** Nats per middle token of a few held-out samples, from the trainer and from the weights that the builder would quantise. */
async function compareNats(root: string, gguf: string, adapterFolder: string): Promise<void> {
  const count = 6;
  let trained = Number.NaN;
  const options = ['--model', gguf, '--name', 'whole', '--count', `${count}`];
  await run(python, ['train/adapter/evaluate.py', ...options], root, (line) => {
    trained = line.startsWith('{"samples"') ? JSON.parse(line).middleNats : trained;
  });
  const adapter = await readAdapter(adapterFolder);
  assert.ok(adapter.ok, adapter.ok ? '' : adapter.error);
  const source = adapterSource(tinySource(), adapter.value);
  const text = gunzipSync(readFileSync(path.join(root, 'samples', 'heldOut.jsonl.gz'))).toString('utf8');
  const samples = text
    .split('\n')
    .slice(1, count + 1)
    .map((line) => JSON.parse(line) as Sample);
  const nats: number[] = [];
  for (const { prompt, middle, kind } of samples) {
    if (kind !== 'left-to-right' && kind !== 'end-of-file') {
      const rows = await plainForward(source, [...prompt, ...middle]);
      nats.push(...middle.map((id, index) => natsOf(rows[prompt.length - 1 + index]!, id)));
    }
  }
  const merged = nats.reduce((sum, value) => sum + value, 0) / nats.length;
  assert.ok(Math.abs(merged - trained) < 0.01, `trained ${trained}, merged ${merged} nats per token`);
}

function natsOf(logits: readonly number[], id: number): number {
  const largest = Math.max(...logits);
  return largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)) - logits[id]!;
}

interface LogLine {
  readonly event: string;
  readonly loss?: number;
  readonly middleNats?: number;
}

function readLog(root: string, name: string): readonly LogLine[] {
  const lines = readFileSync(path.join(root, 'adapter', name, 'log.jsonl'), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LogLine);
}

async function makeSamples(root: string, part: string, count: string, cuts: string): Promise<void> {
  const script = path.join(repository, 'train/samples/makeSamples.ts');
  const options = ['--part', part, '--name', part, '--count', count, '--cuts', cuts];
  const tokenizer = ['--package', path.join(root, 'plain')];
  await run(process.execPath, ['--import', 'tsx', script, ...options, ...tokenizer, '--max-middle', '40'], root);
}

/** Trains; ends the process politely after `steps` steps where that is given. */
async function train(root: string, options: readonly string[], steps = Number.POSITIVE_INFINITY): Promise<void> {
  let seen = 0;
  await run(python, ['train/adapter/train.py', ...options], root, (line, end) => {
    seen += line.includes('"event": "step"') ? 1 : 0;
    if (seen === steps) {
      end();
    }
  });
}

/** Runs a program in the repository with the folder as training root; rejects when it fails. */
function run(
  program: string,
  commandArguments: readonly string[],
  root: string,
  onLine: (line: string, end: () => void) => void = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, commandArguments, {
      cwd: repository,
      env: { ...process.env, FORETOKEN_TRAIN: root },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        onLine(line, () => child.kill('SIGTERM'));
      }
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) {
        resolve();
      } else {
        reject(new Error(`${program} ${commandArguments[0]} ended with ${code}`));
      }
    });
  });
}
