/**
 * The whole path from samples to heads in a package, on a tiny random model, from an empty folder: about a minute on one core.
 *
 *     npx tsx train/heads/smallRun.ts [--folder FOLDER] [--python python3]
 *
 * Shows that the parts fit together and that training lowers the loss; the figures mean nothing else. Prints one JSON line
 * with the losses at the end. Needs PyTorch.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { buildTinyModel } from '../../src/model/tinyModel.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const HEADS = path.join(REPOSITORY, 'train', 'heads');

const { values } = parseArgs({
  options: { folder: { type: 'string' }, python: { type: 'string', default: 'python3' } },
});

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  checkPython();
  const root = values.folder ?? mkdtempSync(path.join(tmpdir(), 'foretoken-heads-'));
  try {
    await run(root);
  } finally {
    if (values.folder === undefined) {
      rmSync(root, { recursive: true, force: true });
    }
  }
}

function checkPython(): void {
  const find = 'import importlib.util as u, sys; sys.exit(not (u.find_spec("torch") and u.find_spec("numpy")))';
  if (spawnSync(values.python, ['-c', find]).status !== 0) {
    throw new Error(`${values.python} has no PyTorch and NumPy; install them with: python3 -m pip install torch numpy`);
  }
}

async function run(root: string): Promise<void> {
  const packageFolder = path.join(root, 'package');
  const out = path.join(root, 'out');
  const built = await buildTinyModel(packageFolder, { shape: { vocabulary: 512 } });
  if (!built.ok) {
    throw new Error(built.error.message);
  }
  writeCorpus(root);
  const environment = { ...process.env, FORETOKEN_TRAIN: root, OMP_NUM_THREADS: '1' };
  const start = (command: string, script: string, options: readonly string[]): void => {
    const before = command === process.execPath ? ['--import', 'tsx'] : [];
    execFileSync(command, [...before, script, ...options], { cwd: REPOSITORY, env: environment, stdio: 'inherit' });
  };
  const tsx = (script: string, ...options: string[]): void => start(process.execPath, script, options);
  const python = (script: string, ...options: string[]): void =>
    start(values.python, path.join(HEADS, script), options);

  const samples = path.join(REPOSITORY, 'train', 'samples', 'makeSamples.ts');
  tsx(samples, '--part', 'train', '--name', 'train', '--count', '48', '--package', packageFolder);
  tsx(samples, '--part', 'heldOut', '--name', 'heldOut', '--count', '16', '--cuts', '1', '--package', packageFolder);
  const collect = path.join(HEADS, 'collect.ts');
  const collected = ['--package', packageFolder, '--shard-samples', '8', '--greedy-tokens', '16', '--threads', '1'];
  // In two goes, as when it is interrupted.
  tsx(collect, '--name', 'train', '--samples', 'train', '--continuation', 'both', ...collected, '--limit', '16');
  tsx(collect, '--name', 'train', '--samples', 'train', '--continuation', 'both', ...collected);
  tsx(collect, '--name', 'heldOut', '--samples', 'heldOut', ...collected);
  tsx(path.join(HEADS, 'countTokens.ts'), '--package', packageFolder, '--max-tokens', '20000');
  python('draftVocabulary.py', '--size', '320');

  const common = ['--threads', '1', '--warm-up', '32', '--evaluate-every', '1000', '--evaluate-on', '4'];
  const losses: Record<string, unknown> = {};
  for (const method of ['medusa', 'mtp']) {
    const options = ['--method', method, '--name', method, '--rate', '2e-3', ...common];
    const sizes =
      method === 'medusa'
        ? ['--depth', '3', '--rank', '8', '--candidates', '128']
        : ['--window', '24', '--feed-forward', '128', '--candidates', '0'];
    // The second start goes on from the checkpoint of the first.
    python('trainHeads.py', ...options, ...sizes, '--sequences', '64');
    python('trainHeads.py', ...options, ...sizes, '--sequences', '320');
    python('exportHeads.py', '--name', method, '--out', out);
    losses[method] = meanLosses(path.join(root, 'heads', 'runs', method, 'log.jsonl'));
  }
  const cases = path.join(root, 'cases.json');
  python('verifyHeads.py', '--heads', out, '--cases', '8', '--out', cases);
  tsx(path.join(HEADS, 'compareGraphs.ts'), '--heads', out, '--cases', cases, '--package', packageFolder);
  process.stdout.write(`${JSON.stringify(losses)}\n`);
}

/** This repository's own source is text enough; held out is what the editor side is made of. */
function writeCorpus(root: string): void {
  mkdirSync(path.join(root, 'corpus'), { recursive: true });
  for (const [part, folder] of [
    ['train', 'src/engine'],
    ['heldOut', 'src/editor'],
  ] as const) {
    const rows = readdirSync(path.join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .toSorted()
      .map((file) => ({
        package: 'foretoken',
        language: 'typescript',
        path: `${folder}/${file.replaceAll('\\', '/')}`,
        text: readFileSync(path.join(REPOSITORY, folder, file), 'utf8'),
      }));
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    writeFileSync(path.join(root, 'corpus', `${part}.jsonl.gz`), gzipSync(lines));
  }
}

/** Mean loss of the first and of the last pass over the sequences, which are the same ones. */
function meanLosses(log: string): { readonly first: number; readonly last: number } {
  const events = readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const sequences: number = events.find(({ event }) => event === 'data').train;
  const { batch } = events.find(({ event }) => event === 'start').settings;
  const losses = events.filter(({ event }) => event === 'step').map(({ loss }) => loss as number);
  const steps = Math.ceil(sequences / batch);
  const mean = (part: readonly number[]): number => part.reduce((sum, loss) => sum + loss, 0) / part.length;
  return { first: mean(losses.slice(0, steps)), last: mean(losses.slice(-steps)) };
}
