import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { err, ok } from '../../../src/base/result.ts';
import type { buildPackage } from '../../../src/model/buildPackage.ts';
import type { ModelManifest } from '../../../src/model/manifest.ts';
import { PACKAGE_FORMAT_VERSION } from '../../../src/model/manifest.ts';
import type { PrepareOptions } from '../../../src/model/prepareModel.ts';
import { prepareModel } from '../../../src/model/prepareModel.ts';
import { BUILDER_VERSION } from '../../../src/model/writePackage.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { testBytes, testEntry } from '../../support/weightFile.ts';

const BYTES = testBytes(10_000);
const ENTRY = testEntry(BYTES);

describe('prepareModel', () => {
  const directory = useTemporaryDirectory();
  const packageFolder = (): string => path.join(directory(), 'cache', 'packages', 'tiny-q8');
  let builds: string[] = [];

  beforeEach(() => {
    builds = [];
    const definition = path.join(directory(), 'models', 'tiny', 'model.json');
    mkdirSync(path.dirname(definition), { recursive: true });
    writeFileSync(definition, JSON.stringify(ENTRY));
    const copies = path.join(directory(), 'copies');
    mkdirSync(copies);
    writeFileSync(path.join(copies, 'tiny.gguf'), BYTES);
  });

  const build: typeof buildPackage = async ({ ggufPath, outDir, onProgress }) => {
    builds.push(ggufPath);
    onProgress?.(1);
    return ok(writeTestPackage(outDir, {}));
  };

  function prepareTiny(options: Partial<PrepareOptions> = {}) {
    return prepareModel({
      id: 'tiny',
      quantization: 'q8',
      catalogueRoot: directory(),
      cacheDirectory: path.join(directory(), 'cache'),
      signal: new AbortController().signal,
      environment: {},
      sources: [],
      cacheFolders: [path.join(directory(), 'copies')],
      build,
      ...options,
    });
  }

  it('builds the package once and uses it from then on', async () => {
    const phases: string[] = [];
    const first = await prepareTiny({ onProgress: ({ phase }) => phases.push(phase) });
    const second = await prepareTiny({ cacheFolders: [] });
    assert.deepEqual(first, ok({ directory: packageFolder(), isNew: true }));
    assert.deepEqual(second, ok({ directory: packageFolder(), isNew: false }));
    assert.deepEqual(builds, [path.join(directory(), 'copies', 'tiny.gguf')]);
    assert.deepEqual([...new Set(phases)], ['search', 'verify', 'build']);
  });

  for (const [title, spoil] of [
    ['was made by another builder', () => writeTestPackage(packageFolder(), { builder: 'older' })],
    ['was made from another file', () => writeTestPackage(packageFolder(), { sourceSha256: 'f'.repeat(64) })],
    ['lost a file', () => rmSync(path.join(packageFolder(), 'weights.data'))],
    ['has a cut file', () => writeFileSync(path.join(packageFolder(), 'weights.data'), '')],
    ['has a damaged manifest', () => writeFileSync(path.join(packageFolder(), 'manifest.json'), '{')],
  ] as const) {
    it(`builds again when the package ${title}`, async () => {
      writeTestPackage(packageFolder(), {});
      spoil();
      assert.deepEqual(await prepareTiny(), ok({ directory: packageFolder(), isNew: true }));
      assert.equal(JSON.parse(readFileSync(path.join(packageFolder(), 'manifest.json'), 'utf8')).id, 'tiny');
    });
  }

  it('lets two calls at once share one build', async () => {
    const results = await Promise.all([prepareTiny(), prepareTiny()]);
    const isNew = results.map((result) => result.ok && result.value.isNew).sort();
    assert.deepEqual([isNew, builds.length], [[false, true], 1]);
  });

  it('says that a download has to be allowed when nothing is here', async () => {
    const result = await prepareTiny({ cacheFolders: [], allowDownload: false });
    assert.equal(result.ok ? 'ok' : result.error.reason, 'not-allowed');
  });

  it('names the known models for an unknown id', async () => {
    const message = 'there is no model "huge" in the catalogue; known models: tiny';
    assert.deepEqual(await prepareTiny({ id: 'huge' }), err({ reason: 'unknown-model', message }));
  });

  it('does not begin a package that would not fit on the disk', async () => {
    const result = await prepareTiny({ freeBytes: async () => 100 });
    assert.equal(result.ok ? 'ok' : result.error.reason, 'disk-full');
    assert.deepEqual(builds, []);
  });

  it('passes on why a build failed, and can be called again', async () => {
    const failure = err({ reason: 'damaged' as const, message: 'tiny.gguf cannot be used: it has no layers' });
    assert.deepEqual(await prepareTiny({ build: async () => failure }), failure);
    assert.equal((await prepareTiny()).ok, true);
  });

  it('keeps no package of a file that changed between its check and the build', async () => {
    const result = await prepareTiny({
      build: async ({ outDir }) => ok(writeTestPackage(outDir, { sourceSha256: 'f'.repeat(64) })),
    });
    assert.match(result.ok ? '' : result.error.message, /tiny\.gguf was changed while it was read; try again$/);
    assert.throws(() => readFileSync(path.join(packageFolder(), 'manifest.json')), { code: 'ENOENT' });
  });
});

function writeTestPackage(folder: string, provenance: Partial<ModelManifest['provenance']>): ModelManifest {
  const file = (name: string) => ({ name, bytes: 4, sha256: '0'.repeat(64) });
  const manifest: ModelManifest = {
    formatVersion: PACKAGE_FORMAT_VERSION,
    id: 'tiny',
    architecture: 'qwen2',
    quantization: 'q8',
    shape: {
      layers: 1,
      hidden: 8,
      heads: 2,
      keyValueHeads: 1,
      headSize: 4,
      feedForward: 8,
      vocabulary: 16,
      contextLength: 16,
      ropeBase: 10_000,
      normEpsilon: 1e-6,
    },
    fillInTheMiddle: { prefix: 1, suffix: 2, middle: 3, stop: [0] },
    files: {
      graph: file('model.onnx'),
      tokenizer: file('tokenizer.json'),
      vocabulary: file('vocabulary.bin'),
      weights: [file('weights.data')],
    },
    heads: [],
    licence: 'Apache-2.0',
    provenance: {
      source: 'tiny.gguf',
      sourceSha256: ENTRY.file.sha256,
      builder: BUILDER_VERSION,
      adapter: 'none',
      ...provenance,
    },
  };
  mkdirSync(folder, { recursive: true });
  for (const { name } of [
    manifest.files.graph,
    manifest.files.tokenizer,
    manifest.files.vocabulary,
    ...manifest.files.weights,
  ]) {
    writeFileSync(path.join(folder, name), 'data');
  }
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  return manifest;
}
