import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { prepareHeads } from '../../../src/model/heads/prepareHeads.ts';
import type { ModelManifest } from '../../../src/model/manifest.ts';
import { parseManifest } from '../../../src/model/manifest.ts';
import { openPackage, packageFiles, verifyPackage } from '../../../src/model/openPackage.ts';
import { prepareModel } from '../../../src/model/prepareModel.ts';
import { tinySource } from '../../../src/model/tinyModel.ts';
import { writePackage } from '../../../src/model/writePackage.ts';
import { writeRandomHeads } from '../../support/randomHeads.ts';
import { safetensorsBytes } from '../../support/safetensorsFile.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import type { TinyPackage } from '../../support/tinyHeads.ts';
import { buildTinyHeads, tinyHeadsOptions } from '../../support/tinyHeads.ts';
import { testBytes, testEntry } from '../../support/weightFile.ts';

describe('draft heads in a package', function () {
  this.timeout(20_000);
  const directory = useTemporaryDirectory();

  /** Brings the package up to date with its heads folder; returns the log. */
  async function prepare({ directory: folder, headsFolder }: TinyPackage): Promise<readonly string[]> {
    const lines: string[] = [];
    const signal = new AbortController().signal;
    await prepareHeads(folder, headsFolder, { signal, log: (line) => lines.push(line) });
    return lines;
  }

  async function manifestOf({ directory: folder }: TinyPackage): Promise<ModelManifest> {
    const opened = await verifyPackage(folder);
    assert.ok(opened.ok, opened.ok ? '' : opened.error);
    return opened.value.manifest;
  }

  it('are listed with their files and stand beside weights that were not touched', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'q8', hasOwnEmbedding: true });
    const { heads, files } = await manifestOf(tiny);
    assert.deepEqual(
      heads.map(({ method, depth, window, draftVocabularySize, licence }) => [
        method,
        depth,
        window,
        draftVocabularySize,
        licence,
      ]),
      [
        ['medusa', 3, 0, 200, 'MIT'],
        ['mtp', 3, 8, 200, 'MIT'],
      ],
    );
    const names = heads.flatMap(({ graph, weights }) => [graph.name, ...weights.map(({ name }) => name)]);
    assert.ok(
      names.every((name) => /^heads-(medusa|mtp)-[0-9a-f]{12}(-0\.bin|\.onnx)$/.test(name)),
      names.join(),
    );
    const others = [
      'manifest.json',
      files.graph.name,
      files.tokenizer.name,
      files.vocabulary.name,
      ...files.weights.map(({ name }) => name),
    ];
    assert.deepEqual(readdirSync(tiny.directory).sort(), [...names, ...others].sort());
  });

  it('name the embedding in the weight file of the model instead of having a copy', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'f32' });
    const mtp = tiny.manifest.heads.find(({ method }) => method === 'mtp')!;
    const graph = readFileSync(path.join(tiny.directory, mtp.graph.name), 'latin1');
    assert.ok(graph.includes('weights-0.bin') && graph.includes('head.weight'));
    // 512 rows of 128 float32 values would not fit beside the block's own.
    const block = 128 * 256 + 256 * 128 + 128 * 128 + 3 * 192 * 128 + 200 * 128;
    assert.ok(mtp.weights[0]!.bytes < 4 * block + 10 * 4096, `${mtp.weights[0]!.bytes} bytes`);
  });

  it('give the same files for the same heads', async () => {
    const options = { quantization: 'q8' } as const;
    const first = await buildTinyHeads(path.join(directory(), 'a'), options);
    const second = await buildTinyHeads(path.join(directory(), 'b'), options);
    assert.deepEqual(second.manifest.heads, first.manifest.heads);
  });

  it('are left alone while they are the same, replaced when they change, and removed when they go', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'q8' });
    const before = readFileSync(path.join(tiny.directory, 'manifest.json'), 'utf8');
    assert.deepEqual(await prepare(tiny), []);
    assert.equal(readFileSync(path.join(tiny.directory, 'manifest.json'), 'utf8'), before);

    const { heads: old } = tiny.manifest;
    writeRandomHeads(tiny.headsFolder, tinyHeadsOptions(tiny.manifest, { methods: ['mtp', 'medusa'], window: 5 }));
    assert.deepEqual(await prepare(tiny), []);
    const changed = await manifestOf(tiny);
    assert.deepEqual(
      changed.heads.map(({ method, window }) => [method, window]),
      [
        ['mtp', 5],
        ['medusa', 0],
      ],
    );
    assert.ok(!readdirSync(tiny.directory).includes(old[1]!.graph.name));

    writeRandomHeads(tiny.headsFolder, tinyHeadsOptions(tiny.manifest, { methods: [] }));
    assert.deepEqual(await prepare(tiny), []);
    assert.deepEqual((await manifestOf(tiny)).heads, []);
    assert.deepEqual(
      readdirSync(tiny.directory).filter((name) => name.startsWith('heads')),
      [],
    );
  });

  it('clear away what a killed update left', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'q8' }, { methods: ['medusa'] });
    for (const name of ['heads-mtp-0123456789ab.onnx', 'manifest.partial-1.json']) {
      writeFileSync(path.join(tiny.directory, name), '');
    }
    writeRandomHeads(tiny.headsFolder, tinyHeadsOptions(tiny.manifest));
    await prepare(tiny);
    const manifest = await manifestOf(tiny);
    assert.equal(manifest.heads.length, 2);
    assert.equal(readdirSync(tiny.directory).length, 1 + packageFiles(manifest).length);
  });

  const unusable: readonly [string, (tiny: TinyPackage) => void, RegExp][] = [
    [
      'that were trained for other weights',
      (tiny) => {
        const options = tinyHeadsOptions(tiny.manifest, { methods: ['medusa'], sourceSha256: 'f'.repeat(64) });
        writeRandomHeads(tiny.headsFolder, options);
      },
      /^the medusa draft heads are left out: they were trained for other weights than tiny has here$/,
    ],
    [
      'of another size',
      (tiny) => {
        const shape = { ...tiny.manifest.shape, hidden: 64 };
        writeRandomHeads(tiny.headsFolder, tinyHeadsOptions({ ...tiny.manifest, shape }, { methods: ['medusa'] }));
      },
      /cannot be used: its tensor "medusa\.0\.skip" is 64 × 64, expected 128 × 128$/,
    ],
    [
      'without one of their tensors',
      (tiny) => editDescription(tiny, ([medusa]) => [{ ...medusa, depth: 4 }]),
      /cannot be used: it lacks the tensor "medusa\.3\.skip"$/,
    ],
    [
      'with a calibration of other sizes',
      (tiny) => editDescription(tiny, ([medusa]) => [{ ...medusa, depth: 2 }]),
      /cannot be used: heads\[0\]\.calibration\.acceptance is not 2 × 4 shares from 0 to 1$/,
    ],
    [
      'with a file that is cut short',
      (tiny) => {
        editDescription(tiny, ([medusa]) => [medusa!]);
        const file = path.join(tiny.headsFolder, 'medusa.safetensors');
        writeFileSync(file, readFileSync(file).subarray(0, -1000));
      },
      /cannot be used: its tensor "medusa\.bias\.out" has a range that does not fit its shape or the file$/,
    ],
    [
      'whose draft vocabulary names ids that the model lacks',
      (tiny) => {
        editDescription(tiny, ([medusa]) => [medusa!]);
        const tensor = { name: 'draft_vocabulary', type: 'I32', dimensions: [4], values: [1, 2, 3, 512] } as const;
        writeFileSync(path.join(tiny.headsFolder, 'medusa.safetensors'), safetensorsBytes([tensor]));
      },
      /cannot be used: its tensor "draft_vocabulary" is not an ascending list of token ids below 512$/,
    ],
    [
      'with a file outside the folder',
      (tiny) => editDescription(tiny, ([medusa]) => [{ ...medusa, file: '../medusa.safetensors' }]),
      /^there will be no draft heads: \S+heads\.json: heads\[0\] names no plain file$/,
    ],
    [
      'of a format to come',
      (tiny) => writeFileSync(path.join(tiny.headsFolder, 'heads.json'), '{"formatVersion": 2}'),
      /heads\.json: formatVersion is 2, this version reads 1$/,
    ],
    [
      'whose description is not JSON',
      (tiny) => writeFileSync(path.join(tiny.headsFolder, 'heads.json'), '{'),
      /^there will be no draft heads: \S+heads\.json cannot be read: /,
    ],
  ];
  for (const [title, spoil, expected] of unusable) {
    it(`are left out with one line for the log when they are heads ${title}`, async () => {
      const tiny = await buildTinyHeads(directory(), { quantization: 'q8' });
      spoil(tiny);
      const lines = await prepare(tiny);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0]!, expected);
      assert.deepEqual((await manifestOf(tiny)).heads, []);
    });
  }

  it('come with the model that they ship for, whether its package is new or was there before them', async () => {
    const bytes = testBytes(1000);
    const entry = testEntry(bytes);
    const modelFolder = path.join(directory(), 'models', 'tiny');
    const headsFolder = path.join(modelFolder, 'heads');
    mkdirSync(modelFolder, { recursive: true });
    writeFileSync(path.join(modelFolder, 'model.json'), JSON.stringify(entry));
    writeFileSync(path.join(directory(), 'tiny.gguf'), bytes);
    const source = { name: 'tiny.gguf', sha256: entry.file.sha256 };
    const prepareTiny = async (cache: string): Promise<ModelManifest['heads']> => {
      const prepared = await prepareModel({
        id: 'tiny',
        quantization: 'q8',
        catalogueRoot: directory(),
        cacheDirectory: path.join(directory(), cache),
        signal: new AbortController().signal,
        log: (line) => assert.doesNotMatch(line, /heads/),
        environment: {},
        sources: [],
        cacheFolders: [directory()],
        build: ({ outDir }) =>
          writePackage(tinySource(), outDir, { id: 'tiny', quantization: 'q8', licence: 'none', source }),
      });
      assert.ok(prepared.ok, prepared.ok ? '' : prepared.error.message);
      const verified = await verifyPackage(prepared.value.directory);
      assert.ok(verified.ok);
      return verified.value.manifest.heads;
    };
    assert.deepEqual(await prepareTiny('cache'), []);
    const provenance = { source: 'tiny.gguf', sourceSha256: entry.file.sha256, builder: '', adapter: 'none' };
    writeRandomHeads(headsFolder, tinyHeadsOptions({ shape: tinySource().shape, provenance }));
    const added = await prepareTiny('cache');
    assert.deepEqual(
      added.map(({ method }) => method),
      ['medusa', 'mtp'],
    );
    assert.deepEqual(await prepareTiny('other'), added);
  });

  it('can be cancelled, and the package is then as it was', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'q8' });
    writeRandomHeads(tiny.headsFolder, tinyHeadsOptions(tiny.manifest, { seed: 4 }));
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(prepareHeads(tiny.directory, tiny.headsFolder, { signal }), /enough/);
    assert.deepEqual((await manifestOf(tiny)).heads, tiny.manifest.heads);
  });
});

describe('parseManifest', function () {
  this.timeout(20_000);
  const directory = useTemporaryDirectory();

  it('lets the heads of a package through as they are, and refuses bad ones by the name of the field', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'q8' });
    const opened = await openPackage(tiny.directory);
    assert.ok(opened.ok);
    const { manifest } = opened.value;
    const [medusa, mtp] = manifest.heads as [ModelManifest['heads'][number], ModelManifest['heads'][number]];
    const messageFor = (heads: unknown): string => {
      const parsed = parseManifest(JSON.parse(JSON.stringify({ ...manifest, heads })));
      return parsed.ok ? 'ok' : parsed.error;
    };
    const calibration = (change: object) => ({ calibration: { ...mtp.calibration, ...change } });
    const cases: readonly [unknown, RegExp][] = [
      [[], /^ok$/],
      [[mtp, medusa], /^ok$/],
      [undefined, /^heads is not a list of draft heads$/],
      [[medusa, medusa], /^heads has two sets of one method$/],
      [[medusa, mtp, medusa], /^heads is not a list of draft heads$/],
      [[7], /^heads\[0\] is missing or not an object$/],
      [[{ ...mtp, method: 'eagle' }], /^heads\[0\]\.method is eagle, expected one of medusa, mtp$/],
      [[{ ...mtp, graph: { ...mtp.graph, name: '../a' } }], /^heads\[0\]\.graph\.name is not a plain file name$/],
      [[{ ...mtp, weights: {} }], /^heads\[0\]\.weights is not a list of files$/],
      [[{ ...mtp, weights: [{ name: 'a' }] }], /^heads\[0\]\.weights\[0\]\.bytes is undefined/],
      [[{ ...mtp, depth: 0 }], /^heads\[0\]\.depth is 0, expected a whole number from 1 to 16$/],
      [[{ ...mtp, window: 1e9 }], /^heads\[0\]\.window is 1000000000, expected a whole number from 1 to 4096$/],
      [[{ ...mtp, draftVocabularySize: 513 }], /^heads\[0\]\.draftVocabularySize is 513/],
      [[{ ...mtp, sourceSha256: 'x' }], /^heads\[0\]\.sourceSha256 is missing/],
      [[{ ...mtp, licence: 5 }], /^heads\[0\]\.licence is missing/],
      [[{ ...mtp, calibration: null }], /^heads\[0\]\.calibration is missing or not an object$/],
      [[{ ...mtp, ...calibration({ probabilityBins: [] }) }], /probabilityBins is not a list of bounds/],
      [[{ ...mtp, ...calibration({ probabilityBins: [0.5, 0.9] }) }], /probabilityBins is not a list of bounds/],
      [[{ ...mtp, ...calibration({ probabilityBins: [0.5, 0.5, 1] }) }], /probabilityBins is not ascending$/],
      [[{ ...mtp, ...calibration({ acceptance: [[0, 0, 0, 2]] }) }], /acceptance is not 3 × 4 shares/],
      [[{ ...mtp, ...calibration({ acceptance: 'all' }) }], /acceptance is not 3 × 4 shares/],
    ];
    for (const [heads, expected] of cases) {
      assert.match(messageFor(heads), expected, JSON.stringify(heads));
    }
  });
});

/** Changes the list of sets in `heads.json`, the one for Medusa first. */
function editDescription(
  { headsFolder }: TinyPackage,
  change: (sets: readonly Record<string, unknown>[]) => readonly object[],
): void {
  const file = path.join(headsFolder, 'heads.json');
  const description = JSON.parse(readFileSync(file, 'utf8')) as { heads: readonly Record<string, unknown>[] };
  writeFileSync(file, JSON.stringify({ ...description, heads: change(description.heads) }));
}
