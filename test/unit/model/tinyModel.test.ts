import assert from 'node:assert/strict';
import path from 'node:path';
import type { ModelManifest, Quantization } from '../../../src/model/manifest.ts';
import { QUANTIZATIONS } from '../../../src/model/manifest.ts';
import type { TinyModelOptions } from '../../../src/model/tinyModel.ts';
import { buildTinyModel, tinySource } from '../../../src/model/tinyModel.ts';
import { writePackage } from '../../../src/model/writePackage.ts';
import type { Outputs } from '../../support/packageRunner.ts';
import { openPackageRunner } from '../../support/packageRunner.ts';
import { plainForward } from '../../support/plainForward.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const IDS = [40, 7, 260, 33, 99, 270, 12, 80, 81, 82, 3, 290];
const STATISTICS = ['top_ids', 'top_logits', 'lse', 'entropy', 'want_logits', 'logits'];

describe('the tiny model', () => {
  const directory = useTemporaryDirectory();

  async function build(name: string, options: TinyModelOptions) {
    const folder = path.join(directory(), name);
    const built = await buildTinyModel(folder, options);
    assert.ok(built.ok, built.ok ? '' : built.error.message);
    return { folder, manifest: built.value };
  }

  /** Logits of every row of `IDS`, run in chunks of the given sizes behind a cache that grows by `new_rows`. */
  async function logitsInChunks(folder: string, manifest: ModelManifest, chunks: readonly number[]) {
    const runner = await openPackageRunner(folder, manifest, 32);
    const logits: number[] = [];
    for (const size of chunks) {
      const ids = IDS.slice(runner.length, runner.length + size);
      const outputs = await runner.forward(ids, {
        scoredRows: ids.map((_, row) => row),
        fetch: ['logits', 'new_rows'],
      });
      logits.push(...(outputs.logits!.data as Float32Array));
      runner.commit(outputs, size);
    }
    await runner.dispose();
    return logits;
  }

  for (const quantization of QUANTIZATIONS) {
    it(`is built the same twice as ${quantization}`, async () => {
      const [first, second] = [await build('a', { quantization }), await build('b', { quantization })];
      assert.deepEqual(first.manifest, second.manifest);
      const other = await build('c', { quantization, seed: 2 });
      assert.notDeepEqual(other.manifest.files.weights, first.manifest.files.weights);
    });
  }

  for (const options of [{}, { architecture: 'llama' }, { hasOwnEmbedding: true }] as const) {
    it(`computes what a textbook forward pass computes: ${JSON.stringify(options)}`, async () => {
      const { folder, manifest } = await build('m', { quantization: 'f32', ...options });
      const expected = await plainForward(tinySource(options), IDS);
      const found = await logitsInChunks(folder, manifest, [IDS.length]);
      assert.ok(largestDifference(found, expected.flat()) <= 1e-4, `${largestDifference(found, expected.flat())}`);
    });
  }

  // Activations are rounded to 8 bits on processors with such kernels, which turns differences in the last bit of a sum
  // into differences of this size; with plain float32 matrices nothing of the kind happens.
  const tolerances: readonly [Quantization, TinyModelOptions, number][] = [
    ['f32', {}, 1e-4],
    ['f32', { architecture: 'llama' }, 1e-4],
    ['f32', { hasOwnEmbedding: true }, 1e-4],
    ['q8', {}, 0.5],
    ['q4', {}, 0.5],
    ['w8a8', {}, 0.5],
    ['w8a8', { shape: { hidden: 96, headSize: 24, feedForward: 200 } }, 0.5],
    ['q8', { shape: { hidden: 96, headSize: 24, feedForward: 200 } }, 0.5],
  ];
  for (const [quantization, options, tolerance] of tolerances) {
    it(`decodes from its cache what one forward gives: ${quantization} ${JSON.stringify(options)}`, async () => {
      const { folder, manifest } = await build('m', { quantization, ...options });
      const whole = await logitsInChunks(folder, manifest, [IDS.length]);
      const chunked = await logitsInChunks(folder, manifest, [5, 1, 2, 4]);
      assert.ok(largestDifference(whole, chunked) <= tolerance, `${largestDifference(whole, chunked)}`);
    });
  }

  it('loses little by quantisation', async () => {
    const logits = async (quantization: Quantization) => {
      const { folder, manifest } = await build(quantization, { quantization });
      return logitsInChunks(folder, manifest, [IDS.length]);
    };
    const [exact, q8, q4] = [await logits('f32'), await logits('q8'), await logits('q4')];
    const w8a8 = await logits('w8a8');
    const spread = rootMeanSquare(exact);
    const errors = [q8, q4, w8a8].map(
      (found) => rootMeanSquare(found.map((value, index) => value - exact[index]!)) / spread,
    );
    assert.ok(errors[0]! < 0.03 && errors[1]! > errors[0]! && errors[1]! < 0.3, errors.join());
    assert.ok(errors[2]! < 0.06, errors.join());
  });

  it('multiplies each row in whole numbers as if it were alone', async () => {
    const { folder, manifest } = await build('m', { quantization: 'w8a8' });
    const whole = await logitsInChunks(folder, manifest, [IDS.length]);
    const chunked = await logitsInChunks(folder, manifest, [5, 3, 4]);
    assert.equal(largestDifference(whole, chunked), 0);
  });

  it('computes in the graph what can be computed from its logits', async () => {
    const { folder, manifest } = await build('m', {});
    const runner = await openPackageRunner(folder, manifest, 32);
    const wantIds = [5, 511, 5];
    const outputs = await runner.forward(IDS, { scoredRows: [2, 11], fetch: STATISTICS, wantIds });
    await runner.dispose();
    for (const row of [0, 1]) {
      const logits = rowOf(outputs, 'logits', row);
      const logSumExp = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      const entropy = logits.reduce((sum, logit) => sum - Math.exp(logit - logSumExp) * (logit - logSumExp), 0);
      const best = [...logits.keys()].sort((left, right) => logits[right]! - logits[left]!).slice(0, 8);
      assert.deepEqual(rowOf(outputs, 'top_ids', row), best);
      assert.deepEqual(
        rowOf(outputs, 'top_logits', row),
        best.map((id) => logits[id]),
      );
      assert.deepEqual(
        rowOf(outputs, 'want_logits', row),
        wantIds.map((id) => logits[id]),
      );
      assert.ok(Math.abs(rowOf(outputs, 'lse', row)[0]! - logSumExp) < 1e-4);
      assert.ok(Math.abs(rowOf(outputs, 'entropy', row)[0]! - entropy) < 1e-4);
    }
  });

  it('gives the same results when its weights are split over several files', async () => {
    const whole = await build('whole', {});
    const folder = path.join(directory(), 'split');
    const description = { id: 'tiny', quantization: 'q8', licence: '', source: { name: '', sha256: '' } } as const;
    const split = await writePackage(tinySource(), folder, description, { maxWeightFileBytes: 100_000 });
    assert.ok(split.ok);
    const { weights } = split.value.files;
    assert.ok(weights.length >= 4 && weights.every((file) => file.bytes <= 100_000));
    const logits = await logitsInChunks(folder, split.value, [IDS.length]);
    assert.deepEqual(logits, await logitsInChunks(whole.folder, whole.manifest, [IDS.length]));
  });
});

function rowOf(outputs: Outputs, name: string, row: number): readonly number[] {
  const { data, dims } = outputs[name]!;
  const values = Array.from(data as Float32Array | BigInt64Array, Number);
  const width = dims.length === 3 ? dims[2]! : 1;
  return values.slice(row * width, (row + 1) * width);
}

function largestDifference(left: readonly number[], right: readonly number[]): number {
  assert.equal(left.length, right.length);
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - right[index]!)), 0);
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
}
