import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { openPromise } from 'yauzl';
import type { Logger } from '../../src/base/logger.ts';
import { GRAMMAR_NAMES } from '../../src/grammars/grammarNames.ts';
import { Grammars } from '../../src/grammars/grammars.ts';
import { WorkerClient } from '../../src/inference/client/workerClient.ts';
import { buildTinyModel } from '../../src/model/tinyModel.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILE_LIST = fileURLToPath(new URL('fileList.txt', import.meta.url));
/**
 * ONNX Runtime 18 MB, the adapter at most 20, draft heads 30, the n-grams 4, grammars and the rest 3: more has something in it that does
 * not belong.
 */
const MAX_VSIX_BYTES = 75_000_000;
const silent: Logger = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };

describe('slim VSIX for linux-x64', function () {
  this.timeout(180_000);
  const vsix = join(root, 'out', 'foretoken-linux-x64-slim.vsix');
  let folder: string;
  let files: readonly string[];

  before(async () => {
    execFileSync(process.execPath, [join(root, 'scripts/package.mjs'), '--target', 'linux-x64'], { stdio: 'ignore' });
    folder = await mkdtemp(join(tmpdir(), 'foretoken-vsix-'));
    files = await unpack(vsix, folder);
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('holds exactly the listed files (UPDATE_GOLDEN=1 writes the list)', async () => {
    const list = `${[...files].sort().join('\n')}\n`;
    if (process.env.UPDATE_GOLDEN === '1') {
      await writeFile(FILE_LIST, list);
    }
    assert.equal(list, await readFile(FILE_LIST, 'utf8'));
  });

  it('is small', async () => {
    assert.ok((await stat(vsix)).size < MAX_VSIX_BYTES);
  });

  it('has every file that its manifest names, and a text for every key', async () => {
    const manifest = await readFile(join(folder, 'extension/package.json'), 'utf8');
    const { main, icon } = JSON.parse(manifest) as { main: string; icon: string };
    for (const file of [main, icon, 'readme.md', 'changelog.md', 'LICENSE.txt']) {
      assert.ok(files.includes(join('extension', file)), file);
    }
    const texts = JSON.parse(await readFile(join(folder, 'extension/package.nls.json'), 'utf8')) as object;
    const keys = [...manifest.matchAll(/"%([\w.]+)%"/g)].map((match) => match[1]!);
    assert.deepEqual([...new Set(keys)].sort(), Object.keys(texts).sort());
  });

  it('names no path of the machine it was packed on', async () => {
    for (const bundle of ['extension.js', 'worker.js', 'engineThread.js']) {
      const code = await readFile(join(folder, 'extension/dist', bundle), 'utf8');
      assert.ok(!code.includes(root), bundle);
    }
  });

  it('checks syntax with the grammars inside it, and has one for every language that it checks', async () => {
    const lines: string[] = [];
    const logger = { debug: (line: string) => lines.push(line) };
    const grammars = new Grammars({ root: join(folder, 'extension'), logger, clock: performance });
    for (const language of Object.keys(GRAMMAR_NAMES)) {
      const parser = await grammars.load(language);
      // Outside its tags PHP is text.
      const faults = parser?.findFaults(language === 'php' ? '<?php ) = (' : ') = (');
      assert.ok(faults !== undefined && faults.length > 0, `${language}: ${lines.at(-1)}`);
    }
  });

  it('completes with the runtime inside it', async () => {
    const directory = join(folder, 'tiny');
    assert.ok((await buildTinyModel(directory)).ok);
    const client = new WorkerClient(join(folder, 'extension/dist/worker.js'), { logger: silent, onDeath: () => {} });
    try {
      const loaded = await client.load({ directory, device: 'cpu', threads: 1, cacheBytes: 1e8 });
      assert.ok(loaded.ok, loaded.ok ? '' : loaded.message);
      const result = await client.complete({
        documentId: 'a',
        prompt: { prefix: '', suffix: '', tail: 'const a' },
        heal: true,
        singleLine: false,
        allowsCodeFence: false,
        stopRules: false,
        maxTokens: 4,
        draftMethod: 'off',
        acceptanceMode: 'exact',
        acceptanceThreshold: 0.09,
        draftMaxTokens: 8,
        draftTree: true,
        draftTexts: [],
        remember: false,
      });
      assert.equal(result.kind, 'generated');
    } finally {
      await client.close();
    }
  });
});

/** Writes every file of the archive below a folder; returns their names. */
async function unpack(archive: string, folder: string): Promise<readonly string[]> {
  const zip = await openPromise(archive);
  const names: string[] = [];
  for await (const entry of zip.eachEntry()) {
    const target = join(folder, entry.fileName);
    await mkdir(dirname(target), { recursive: true });
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
    names.push(entry.fileName);
  }
  return names;
}
