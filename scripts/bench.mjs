// Figures of the product on this machine: `npm run bench -- [--write] [--peer] [--model ID] [--threads N] [--places N]
// [--keystrokes N] [--package DIR]`. `--write` adds a dated section to BENCHMARKS.md; `--peer` compares with llama.cpp in the same
// run, `--only-peer` does nothing else. `--package` measures the package in a folder instead of the model's own: only one built with
// `model import … --adapter none` has the weights of the GGUF file that llama.cpp reads.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { note, root, runScript, SetUpError, setUpBundles, setUpDependencies, setUpModel } from './setUp.mjs';

const SEED = 1;
const OWN_PLACES = 20;
const PEER_PLACES = 60;
const DRAFT_PLACES = 40;
const POSITIONS = join(root, 'test/fixtures/positions.jsonl.gz');

await runScript(async () => {
  const options = readOptions();
  await setUpDependencies();
  await setUpBundles();
  await setUpModel(options.model);
  // Loaded here because they need the dependencies.
  const { measureDrafts } = await import('./bench/draftFigures.mjs');
  const { appendSection, draftSection } = await import('./bench/report.mjs');

  const lines = await measureWithWorker(options);
  if (options['only-peer']) {
    finish(options, lines, appendSection);
    return;
  }
  const places = Math.min(options.places, DRAFT_PLACES);
  note(`comparing the draft methods at ${places} places`);
  lines.push('', ...draftSection(await measureDrafts({ ...options, positions: POSITIONS, places, seed: SEED })));
  finish(options, lines, appendSection);
});

function finish({ write }, lines, appendSection) {
  process.stdout.write(`${lines.join('\n')}\n`);
  if (write) {
    appendSection(join(root, 'BENCHMARKS.md'), lines);
    note('added to BENCHMARKS.md');
  }
}

/** What a user feels and, if asked for, the comparison with llama.cpp. */
async function measureWithWorker(options) {
  const product = await import('./bench/product.mjs');
  const { measureOwn } = await import('./bench/ownFigures.mjs');
  const { heading, ownTable, peerTable } = await import('./bench/report.mjs');

  const positions = product.seededShuffle(await product.readPositions(POSITIONS), SEED);
  const directory = options.package ?? product.defaultPackageDirectory(options.model);
  const silent = () => undefined;
  const startMs = performance.now();
  const client = new product.WorkerClient(join(root, 'dist/worker.js'), {
    logger: { error: note, warn: note, info: silent, debug: silent, trace: silent },
    onDeath: silent,
  });
  try {
    const loaded = await client.load({
      directory,
      device: 'cpu',
      threads: options.threads,
      cacheBytes: 256 * 1024 * 1024,
      measurementsDirectory: product.measurementsDirectory(),
    });
    if (!loaded.ok) {
      throw new SetUpError(loaded.message);
    }
    const { model } = loaded;
    const start = { loadMs: model.loadMs, readyMs: performance.now() - startMs };
    const lines = [heading(model)];
    // One place more than asked for: the first one warms up.
    if (!options['only-peer']) {
      const places = Math.min(options.places, OWN_PLACES);
      note(`completing ${places} places and about ${options.keystrokes} keystrokes`);
      const own = await measureOwn(client, positions.slice(0, places + 1), options.keystrokes);
      lines.push('', ...ownTable(start, own));
    }
    if (options.peer || options['only-peer']) {
      const { measurePeer } = await import('./bench/peerFigures.mjs');
      const shared = positions.slice(0, Math.min(options.places, PEER_PLACES) + 1);
      lines.push('', ...peerTable(await measurePeer(client, model, directory, shared, root)));
    }
    return lines;
  } finally {
    await client.close();
  }
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        write: { type: 'boolean', default: false },
        peer: { type: 'boolean', default: false },
        'only-peer': { type: 'boolean', default: false },
        package: { type: 'string' },
        model: { type: 'string', default: 'qwen2.5-coder-0.5b' },
        threads: { type: 'string', default: '0' },
        places: { type: 'string', default: '60' },
        keystrokes: { type: 'string', default: '40' },
      },
    });
    return {
      ...values,
      threads: wholeNumber(values.threads, '--threads', 0),
      places: wholeNumber(values.places, '--places', 1),
      keystrokes: wholeNumber(values.keystrokes, '--keystrokes', 1),
    };
  } catch (error) {
    throw error instanceof SetUpError ? error : new SetUpError(error.message);
  }
}

function wholeNumber(text, name, low) {
  if (!/^\d{1,6}$/.test(text) || Number(text) < low) {
    throw new SetUpError(`${name} takes a whole number of at least ${low}`);
  }
  return Number(text);
}
