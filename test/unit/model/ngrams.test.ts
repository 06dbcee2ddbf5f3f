import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadNgrams } from '../../../src/inference/worker/loadNgrams.ts';
import { prepareHeads } from '../../../src/model/heads/prepareHeads.ts';
import type { ModelManifest } from '../../../src/model/manifest.ts';
import { parseManifest } from '../../../src/model/manifest.ts';
import { verifyPackage } from '../../../src/model/openPackage.ts';
import { buildTinyModel } from '../../../src/model/tinyModel.ts';
import { ngramBytes } from '../../support/ngramTable.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

describe('a table of n-grams in a package', function () {
  this.timeout(20_000);
  const directory = useTemporaryDirectory();
  let packageFolder: string;
  let headsFolder: string;
  let before: ModelManifest;

  beforeEach(async () => {
    packageFolder = path.join(directory(), 'package');
    headsFolder = path.join(directory(), 'models', 'tiny', 'heads');
    const built = await buildTinyModel(packageFolder, { quantization: 'q8' });
    assert.ok(built.ok);
    before = built.value;
  });

  function describeTable(folder: string, token: number, overrides: object = {}): void {
    mkdirSync(folder, { recursive: true });
    const bytes = ngramBytes([{ context: [1], token, probability: 0.5 }], before.shape.vocabulary);
    writeFileSync(path.join(folder, 'ngrams.bin'), bytes);
    const tokenizerSha256 = before.files.tokenizer.sha256;
    writeHeadsFile(folder, { file: 'ngrams.bin', tokenizerSha256, licence: 'MIT', ...overrides });
  }

  function writeHeadsFile(folder: string, ngrams: unknown): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'heads.json'), JSON.stringify({ formatVersion: 1, heads: [], ngrams }));
  }

  async function prepare(): Promise<readonly string[]> {
    const lines: string[] = [];
    const { signal } = new AbortController();
    await prepareHeads(packageFolder, headsFolder, { signal, log: (line) => lines.push(line) });
    return lines;
  }

  async function manifest(): Promise<ModelManifest> {
    const opened = await verifyPackage(packageFolder);
    assert.ok(opened.ok, opened.ok ? '' : opened.error);
    return opened.value.manifest;
  }

  async function guessAfterOne(): Promise<number | undefined> {
    const table = await loadNgrams(packageFolder, await manifest());
    assert.ok(table.ok);
    return table.value?.next([1])?.token;
  }

  function tableFiles(): readonly string[] {
    return readdirSync(packageFolder).filter((name) => name.startsWith('heads-ngrams'));
  }

  it('is put beside weights that were not touched, left alone, replaced and removed', async () => {
    assert.equal(await guessAfterOne(), undefined);
    describeTable(headsFolder, 7);
    assert.deepEqual(await prepare(), []);
    assert.equal(await guessAfterOne(), 7);
    assert.deepEqual((await manifest()).files, before.files);
    const [first] = tableFiles();
    const written = readFileSync(path.join(packageFolder, 'manifest.json'), 'utf8');
    assert.deepEqual(await prepare(), []);
    assert.equal(readFileSync(path.join(packageFolder, 'manifest.json'), 'utf8'), written);

    describeTable(headsFolder, 8);
    assert.deepEqual(await prepare(), []);
    assert.equal(await guessAfterOne(), 8);
    assert.equal(tableFiles().length, 1);
    assert.notEqual(tableFiles()[0], first);

    writeHeadsFile(headsFolder, undefined);
    assert.deepEqual(await prepare(), []);
    assert.equal((await manifest()).ngrams, undefined);
    assert.deepEqual(tableFiles(), []);
  });

  it('may be the table of another model with the same tokenizer', async () => {
    describeTable(path.join(directory(), 'models', 'other', 'heads'), 9);
    writeHeadsFile(headsFolder, { from: 'other' });
    assert.deepEqual(await prepare(), []);
    assert.equal(await guessAfterOne(), 9);
  });

  const unusable: readonly [string, () => void, RegExp][] = [
    [
      'was counted with another tokenizer',
      () => describeTable(headsFolder, 7, { tokenizerSha256: 'f'.repeat(64) }),
      /^the table of n-grams is left out: it was counted with another tokenizer than tiny has here$/,
    ],
    [
      'is damaged',
      () => {
        describeTable(headsFolder, 7);
        writeFileSync(path.join(headsFolder, 'ngrams.bin'), 'FTNG');
      },
      /^the table of n-grams is left out: it is not a table of n-grams$/,
    ],
    [
      'is not there',
      () => describeTable(headsFolder, 7, { file: 'other.bin' }),
      /names other\.bin, which is not there$/,
    ],
    ['lies in another folder', () => describeTable(headsFolder, 7, { file: '../ngrams.bin' }), /names no plain file$/],
    ['has no licence', () => describeTable(headsFolder, 7, { licence: 1 }), /lacks tokenizerSha256 or licence$/],
    ['is that of a path', () => writeHeadsFile(headsFolder, { from: '../other' }), /is not the id of a model$/],
    ['is that of a model without one', () => writeHeadsFile(headsFolder, { from: 'other' }), /names no plain file$/],
  ];
  for (const [name, make, message] of unusable) {
    it(`is left out with a line for the log when it ${name}`, async () => {
      make();
      const lines = await prepare();
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, message);
      assert.equal((await manifest()).ngrams, undefined);
    });
  }

  it('is refused by the worker when the file is not the one that was written', async () => {
    describeTable(headsFolder, 7);
    await prepare();
    const { ngrams, ...rest } = await manifest();
    writeFileSync(path.join(packageFolder, ngrams!.file.name), new Uint8Array(ngrams!.file.bytes));
    const table = await loadNgrams(packageFolder, { ...rest, ngrams: ngrams! });
    assert.match(table.ok ? '' : table.error, /^heads-ngrams-[0-9a-f]{12}\.bin cannot be used: it is not a table/);
  });

  it('is refused in a manifest that names a path', async () => {
    describeTable(headsFolder, 7);
    await prepare();
    const { ngrams, ...rest } = await manifest();
    const parsed = parseManifest({ ...rest, ngrams: { ...ngrams, file: { ...ngrams!.file, name: '../x' } } });
    assert.equal(parsed.ok ? '' : parsed.error, 'ngrams.file.name is not a plain file name');
  });
});
