import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { adapterSource } from '../../../../src/model/adapter/adapterSource.ts';
import type { AdapterChoice } from '../../../../src/model/adapter/chooseAdapter.ts';
import { readAdapter } from '../../../../src/model/adapter/readAdapter.ts';
import { buildPackage } from '../../../../src/model/buildPackage.ts';
import { prepareModel } from '../../../../src/model/prepareModel.ts';
import { tinySource } from '../../../../src/model/tinyModel.ts';
import { writePackage } from '../../../../src/model/writePackage.ts';
import type { Tensors } from '../../../support/adapterFile.ts';
import { randomAdapterTensors, safetensorsBytes, writeAdapterFolder } from '../../../support/adapterFile.ts';
import { ggufBytes } from '../../../support/ggufFile.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';
import { tinyGguf } from '../../../support/tinyGguf.ts';
import { testEntry } from '../../../support/weightFile.ts';

const { shape } = tinySource();
const LAYERS = [0, 1];
const TENSORS = randomAdapterTensors(shape, LAYERS, 2);
const WEIGHTS = safetensorsBytes(TENSORS);

describe('packages with an adapter', () => {
  const directory = useTemporaryDirectory();
  const inDirectory = (...names: string[]): string => path.join(directory(), ...names);
  let gguf: Buffer;
  let description: { baseSha256: string; layers: number[]; rank: number };

  before(async () => {
    gguf = Buffer.from(ggufBytes(await tinyGguf(tinySource())));
    description = { baseSha256: createHash('sha256').update(gguf).digest('hex'), layers: LAYERS, rank: 2 };
  });

  beforeEach(() => {
    writeFileSync(inDirectory('tiny.gguf'), gguf);
    writeAdapterFolder(inDirectory('adapter'), WEIGHTS, description);
  });

  function build(adapter: AdapterChoice | undefined, name = 'package') {
    return buildPackage({
      ggufPath: inDirectory('tiny.gguf'),
      outDir: inDirectory(name),
      id: 'tiny',
      quantization: 'q8',
      licence: 'MIT',
      adapter,
    });
  }

  const fromFolder = (): AdapterChoice => ({ kind: 'folder', directory: inDirectory('adapter') });

  it('hold the merged weights and name the adapter', async () => {
    const built = await build(fromFolder());
    assert.ok(built.ok, built.ok ? '' : built.error.message);
    const adapter = await readAdapter(inDirectory('adapter'));
    assert.ok(adapter.ok);
    const direct = await writePackage(adapterSource(tinySource(), adapter.value), inDirectory('direct'), {
      id: 'tiny',
      quantization: 'q8',
      licence: 'MIT',
      source: { name: 'tiny.gguf', sha256: description.baseSha256 },
    });
    assert.ok(direct.ok);
    assert.deepEqual(built.value.files, direct.value.files);
    const bytes = readFileSync(inDirectory('adapter', 'adapter.json'));
    assert.equal(built.value.provenance.adapter, createHash('sha256').update(bytes).digest('hex'));
  });

  it('differ from the package without one, which says so', async () => {
    const merged = await build(fromFolder());
    const plain = await build({ kind: 'none' }, 'plain');
    assert.ok(merged.ok && plain.ok);
    assert.notDeepEqual(merged.value.files.weights, plain.value.files.weights);
    assert.equal(plain.value.provenance.adapter, 'none');
  });

  function changeHeader(header: (name: string, entry: object) => object): () => void {
    return () => writeAdapterFolder(inDirectory('adapter'), safetensorsBytes(TENSORS, header), description);
  }
  const describeAs = (changes: object) => (): void =>
    writeAdapterFolder(inDirectory('adapter'), WEIGHTS, description, changes);
  const onlyFor = (target: string, change: (entry: object) => object) => (name: string, entry: object) =>
    name === target ? change(entry) : entry;
  const replaceBits = (half: number): Tensors =>
    new Map([...TENSORS].map(([name, tensor]) => [name, { ...tensor, bits: tensor.bits.slice().fill(half, 5, 6) }]));
  const name = 'layers.0.down.a';
  const refused: readonly (readonly [string, () => void, RegExp])[] = [
    [
      'of other weights',
      describeAs({ base: { name: 'other.gguf', sha256: 'f'.repeat(64) } }),
      /was trained on other weights \(other\.gguf/,
    ],
    [
      'of another format',
      describeAs({ formatVersion: 2 }),
      /its format version is 2, this version of Foretoken reads 1/,
    ],
    ['whose rank is no number', describeAs({ rank: 'many' }), /rank is many, expected a whole number from 1 to 512/],
    ['that names a layer twice', describeAs({ layers: [1, 1] }), /layers is not ascending/],
    [
      'that names a file elsewhere',
      describeAs({ weights: { name: '../weights' } }),
      /weights\.name is not a plain file name/,
    ],
    [
      'that lost its weights',
      () => rmSync(inDirectory('adapter', 'adapter.safetensors')),
      /adapter\.safetensors cannot be read/,
    ],
    ['that lost its description', () => rmSync(inDirectory('adapter', 'adapter.json')), /adapter\.json cannot be read/],
    [
      'whose description is no JSON',
      () => writeFileSync(inDirectory('adapter', 'adapter.json'), '{'),
      /cannot be read/,
    ],
    [
      'that is longer than it says',
      () => appendFileSync(inDirectory('adapter', 'adapter.safetensors'), 'x'),
      /has \d+ bytes, its description says \d+/,
    ],
    [
      'with a changed byte',
      () =>
        writeFileSync(inDirectory('adapter', 'adapter.safetensors'), Buffer.from(WEIGHTS).fill(1, WEIGHTS.length - 1)),
      /is damaged: its SHA-256 is not the one in its description/,
    ],
    [
      'stored as something else',
      changeHeader(onlyFor(name, (entry) => ({ ...entry, dtype: 'BF16' }))),
      /"layers\.0\.down\.a" is not a matrix of F16/,
    ],
    [
      'with data beyond the end of the file',
      changeHeader(onlyFor(name, (entry) => ({ ...entry, data_offsets: [2 ** 30, 2 ** 30 + 1024] }))),
      /"layers\.0\.down\.a" has a range that does not fit its shape or the file/,
    ],
    [
      'with a matrix of another size',
      changeHeader(onlyFor(name, (entry) => ({ ...entry, shape: [256, 2] }))),
      /"layers\.0\.down\.a" is 256 × 2, expected 2 × 256/,
    ],
    [
      'with a list for a matrix',
      changeHeader(onlyFor(name, (entry) => ({ ...entry, shape: [512] }))),
      /"layers\.0\.down\.a" is not a matrix of F16/,
    ],
    [
      'with a header longer than the file',
      () => {
        const bytes = Buffer.from(WEIGHTS);
        bytes.writeBigUInt64LE(2n ** 60n);
        writeAdapterFolder(inDirectory('adapter'), bytes, description);
      },
      /its header is longer than the file/,
    ],
    [
      'with an infinite value',
      () => writeAdapterFolder(inDirectory('adapter'), safetensorsBytes(replaceBits(0x7c00)), description),
      /holds a value that is no number/,
    ],
  ];
  for (const [title, spoil, expected] of refused) {
    it(`are not built from an adapter ${title}`, async () => {
      spoil();
      const built = await build(fromFolder());
      assert.match(built.ok ? 'built' : built.error.message, expected);
      assert.throws(() => readFileSync(inDirectory('package', 'manifest.json')), { code: 'ENOENT' });
    });
  }

  describe('of the catalogue', () => {
    const catalogueAdapter = (): string => inDirectory('models', 'tiny', 'adapter');

    beforeEach(() => {
      mkdirSync(inDirectory('models', 'tiny'), { recursive: true });
      writeFileSync(inDirectory('models', 'tiny', 'model.json'), JSON.stringify(testEntry(gguf)));
    });

    async function prepare(adapter?: AdapterChoice) {
      const prepared = await prepareModel({
        id: 'tiny',
        quantization: 'q8',
        adapter,
        catalogueRoot: directory(),
        cacheDirectory: inDirectory('cache'),
        signal: new AbortController().signal,
        environment: {},
        sources: [],
        cacheFolders: [directory()],
      });
      assert.ok(prepared.ok, prepared.ok ? '' : prepared.error.message);
      const { directory: folder, isNew } = prepared.value;
      const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
      return { name: path.basename(folder), isNew, adapter: manifest.provenance.adapter as string };
    }

    it('have the adapter that ships with the model, and are built anew when another one ships', async () => {
      assert.deepEqual(await prepare(), { name: 'tiny-q8', isNew: true, adapter: 'none' });
      writeAdapterFolder(catalogueAdapter(), WEIGHTS, description);
      const merged = await prepare();
      assert.deepEqual(await prepare(), { ...merged, isNew: false });
      writeAdapterFolder(catalogueAdapter(), WEIGHTS, description, { scale: 1 });
      const other = await prepare();
      assert.deepEqual([merged.name, merged.isNew, other.name, other.isNew], ['tiny-q8', true, 'tiny-q8', true]);
      assert.match(merged.adapter, /^[0-9a-f]{64}$/);
      assert.notEqual(other.adapter, merged.adapter);
    });

    it('stand beside each other with and without it', async () => {
      writeAdapterFolder(catalogueAdapter(), WEIGHTS, description);
      const merged = await prepare();
      const plain = await prepare({ kind: 'none' });
      assert.deepEqual(plain, { name: 'tiny-q8-no-adapter', isNew: true, adapter: 'none' });
      assert.deepEqual(await prepare(), { ...merged, isNew: false });
    });

    it('get it by the hash of the file also when the file is imported by hand', async () => {
      writeAdapterFolder(catalogueAdapter(), WEIGHTS, description);
      const known = await build({ kind: 'catalogue', root: directory() });
      appendFileSync(inDirectory('tiny.gguf'), 'x');
      const unknown = await build({ kind: 'catalogue', root: directory() });
      assert.ok(known.ok && unknown.ok);
      assert.match(known.value.provenance.adapter, /^[0-9a-f]{64}$/);
      assert.equal(unknown.value.provenance.adapter, 'none');
    });
  });
});
