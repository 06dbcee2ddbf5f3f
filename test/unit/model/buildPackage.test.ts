import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildPackage } from '../../../src/model/buildPackage.ts';
import type { ModelSource } from '../../../src/model/source/modelSource.ts';
import { buildTinyModel, tinySource } from '../../../src/model/tinyModel.ts';
import { writePackage } from '../../../src/model/writePackage.ts';
import type { GgufField, GgufSpec } from '../../support/ggufFile.ts';
import { ggufBytes } from '../../support/ggufFile.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { tinyGguf } from '../../support/tinyGguf.ts';

describe('buildPackage', () => {
  const directory = useTemporaryDirectory();
  const outDir = () => path.join(directory(), 'package');

  async function build(bytes: Uint8Array, options: { readonly signal?: AbortSignal } = {}) {
    const ggufPath = path.join(directory(), 'model.gguf');
    writeFileSync(ggufPath, bytes);
    return buildPackage({ ggufPath, outDir: outDir(), id: 'tiny', quantization: 'q8', licence: 'MIT', ...options });
  }

  async function failure(bytes: Uint8Array): Promise<string> {
    const built = await build(bytes);
    assert.deepEqual(readdirSync(directory()), ['model.gguf']);
    return built.ok ? '' : built.error.message;
  }

  for (const architecture of ['qwen2', 'llama'] as const) {
    for (const hasOwnEmbedding of [false, true]) {
      const embedding = hasOwnEmbedding ? 'its own embedding' : 'one table for head and embedding';
      it(`makes of a ${architecture} file with ${embedding} the package of the same weights`, async () => {
        const options = { architecture, hasOwnEmbedding } as const;
        const built = await build(ggufBytes(await tinyGguf(tinySource(options))));
        assert.ok(built.ok, built.ok ? '' : built.error.message);
        const direct = await buildTinyModel(path.join(directory(), 'direct'), options);
        assert.ok(direct.ok);
        assert.deepEqual(built.value.files, direct.value.files);
        assert.deepEqual(built.value.shape, direct.value.shape);
        assert.equal(built.value.provenance.source, 'model.gguf');
      });
    }
  }

  const text = (value: string): GgufField => ({ type: 'text', value });
  const number = (value: number): GgufField => ({ type: 'float32', value });
  const unsupported: readonly [string, Readonly<Record<string, GgufField>>, RegExp][] = [
    ['another architecture', { 'general.architecture': text('mamba') }, /"mamba"; supported are llama and qwen2/],
    ['a SentencePiece tokenizer', { 'tokenizer.ggml.model': text('llama') }, /has a SentencePiece tokenizer; only/],
    ['an unknown way to split text', { 'tokenizer.ggml.pre': text('tekken') }, /splits text by "tekken"/],
    ['scaled rotary positions', { 'qwen2.rope.scaling.type': text('yarn') }, /scales its rotary positions \("yarn"\)/],
    ['partly rotated heads', { 'qwen2.rope.dimension_count': { type: 'uint32', value: 16 } }, /rotates 16 of 32/],
    ['a mixture of experts', { 'qwen2.expert_count': { type: 'uint32', value: 8 } }, /mixture of experts/],
    ['an absurd layer count', { 'qwen2.block_count': { type: 'uint32', value: 4e9 } }, /announces 4000000000 layers/],
    ['a fractional size', { 'qwen2.feed_forward_length': number(0.5) }, /its feedForward is 0.5/],
    ['a text for a size', { 'qwen2.block_count': text('two') }, /lacks "qwen2.block_count"/],
    ['a list of merges that is none', { 'tokenizer.ggml.merges': text('a b') }, /no list of merges/],
    ['too few token types', { 'tokenizer.ggml.token_type': { type: 'int32s', value: [1] } }, /differ in length/],
  ];
  for (const [title, fields, expected] of unsupported) {
    it(`refuses ${title} in a sentence and leaves nothing behind`, async () => {
      const spec = await tinyGguf(tinySource());
      const message = await failure(ggufBytes({ ...spec, fields: { ...spec.fields, ...fields } }));
      assert.match(message, expected);
      assert.match(message, /^\S+model\.gguf cannot be used: /);
    });
  }

  const badTensors: readonly [string, (tensors: NonNullable<GgufSpec['tensors']>) => GgufSpec['tensors'], RegExp][] = [
    ['a missing tensor', (tensors) => tensors.slice(0, -1), /lacks the tensor "blk\.1\.attn_v\.bias"/],
    ['an unexplained tensor', (tensors) => [...tensors, { ...tensors.at(-1)!, name: 'q_norm' }], /tensor "q_norm"/],
    [
      'scaled rotary frequencies',
      (tensors) => [...tensors, { ...tensors.at(-1)!, name: 'rope_freqs.weight' }],
      /scales its rotary frequencies/,
    ],
    [
      'an unreadable tensor type',
      (tensors) =>
        tensors.map((tensor) => (tensor.name === 'blk.1.ffn_up.weight' ? { ...tensor, typeId: 21 } : tensor)),
      /"blk\.1\.ffn_up\.weight" is stored as IQ3_S; readable are F32, F16/,
    ],
    [
      'a tensor of the wrong shape',
      (tensors) =>
        tensors.map((tensor) => (tensor.name === 'output.weight' ? { ...tensor, dimensions: [512, 128] } : tensor)),
      /"output\.weight" is 512 × 128, expected 128 × 512/,
    ],
  ];
  for (const [title, change, expected] of badTensors) {
    it(`refuses ${title} in a sentence and leaves nothing behind`, async () => {
      const spec = await tinyGguf(tinySource());
      assert.match(await failure(ggufBytes({ ...spec, tensors: change(spec.tensors ?? []) ?? [] })), expected);
    });
  }

  it('refuses a model that cannot fill in the middle', async () => {
    const spec = await tinyGguf(tinySource());
    const tokens = tinySource().tokenizer.tokens.map((token) => token.replace('fim_middle', 'other'));
    const fields = { ...spec.fields, 'tokenizer.ggml.tokens': { type: 'texts', value: tokens } as const };
    assert.match(await failure(ggufBytes({ ...spec, fields })), /has no fill-in-the-middle tokens/);
  });

  it('refuses a file that is cut short', async () => {
    const bytes = ggufBytes(await tinyGguf(tinySource()));
    assert.match(await failure(bytes.subarray(0, bytes.length / 2)), /cut short: expected \d+ bytes, has \d+/);
  });

  it('stops when it is cancelled and leaves an older package as it was', async () => {
    const bytes = ggufBytes(await tinyGguf(tinySource({ seed: 1 })));
    const older = await build(bytes);
    const before = snapshot(outDir());
    const controller = new AbortController();
    controller.abort();
    const cancelled = await build(ggufBytes(await tinyGguf(tinySource({ seed: 2 }))), { signal: controller.signal });
    assert.ok(older.ok && !cancelled.ok);
    assert.equal(cancelled.error.reason, 'cancelled');
    assert.deepEqual(snapshot(outDir()), before);
    assert.deepEqual(readdirSync(directory()).sort(), ['model.gguf', 'package']);
  });
});

describe('writePackage', () => {
  const directory = useTemporaryDirectory();
  const description = { id: 'tiny', quantization: 'q8', licence: '', source: { name: 's', sha256: '' } } as const;
  const outDir = () => path.join(directory(), 'package');

  it('replaces an older package as a whole', async () => {
    await buildTinyModel(outDir(), { quantization: 'f32' });
    writeFileSync(path.join(outDir(), 'stray'), '');
    const rebuilt = await buildTinyModel(outDir());
    assert.ok(rebuilt.ok);
    assert.deepEqual(readdirSync(outDir()).sort(), [
      'manifest.json',
      'model.onnx',
      'tokenizer.json',
      'vocabulary.bin',
      'weights-0.bin',
    ]);
    assert.deepEqual(readdirSync(directory()), ['package']);
  });

  for (const [code, expected] of [
    ['ENOSPC', /^the disk of .*package is full; free some space and try again$/],
    ['EIO', /^the package could not be written to .*package: broken$/],
  ] as const) {
    it(`says so when writing fails with ${code}, and leaves an older package as it was`, async () => {
      await buildTinyModel(outDir());
      const before = snapshot(outDir());
      const source = tinySource({ seed: 2 });
      const failing: ModelSource = {
        ...source,
        finalNorm: async () => {
          throw Object.assign(new Error('broken'), { code });
        },
      };
      const result = await writePackage(failing, outDir(), description);
      assert.ok(!result.ok);
      assert.equal(result.error.reason, 'disk');
      assert.match(result.error.message, expected);
      assert.deepEqual(snapshot(outDir()), before);
      assert.deepEqual(readdirSync(directory()), ['package']);
    });
  }

  it('stops in the middle when it is cancelled', async () => {
    const controller = new AbortController();
    let lastFraction = 0;
    const result = await writePackage(tinySource(), outDir(), description, {
      signal: controller.signal,
      onProgress: (fraction) => {
        lastFraction = fraction;
        if (fraction > 0.5) {
          controller.abort();
        }
      },
    });
    assert.ok(!result.ok && lastFraction < 1);
    assert.equal(result.error.reason, 'cancelled');
    assert.deepEqual(readdirSync(directory()), []);
  });

  it('clears away what a killed build left, and not what a running one writes', async () => {
    const killed = `${outDir()}.partial-999999999-x`;
    const running = `${outDir()}.partial-${process.pid}-x`;
    mkdirSync(killed);
    mkdirSync(running);
    await buildTinyModel(outDir());
    assert.deepEqual(readdirSync(directory()).sort(), ['package', path.basename(running)]);
  });

  it('lets other work run between chunks', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await buildTinyModel(outDir());
    clearInterval(timer);
    assert.ok(turns > 5, `${turns}`);
  });
});

function snapshot(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'latin1')] as const);
}
