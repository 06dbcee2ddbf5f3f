import assert from 'node:assert/strict';
import path from 'node:path';
import { listCatalogue } from '../../../../src/model/catalogue.ts';
import { loadSmoothing, smoothedSource } from '../../../../src/model/quantize/smoothing.ts';
import { tinySource } from '../../../../src/model/tinyModel.ts';
import { createRandom } from '../../../support/random.ts';

const ROOT = path.join(__dirname, '../../../..');

describe('smoothing', () => {
  const source = tinySource();
  const { hidden, layers } = source.shape;
  const random = createRandom(9);
  const smoothing = new Map(
    Array.from({ length: layers }, (_, layer) =>
      ['attentionNorm', 'feedForwardNorm'].map((norm) => `layers.${layer}.${norm}`),
    )
      .flat()
      .map((name) => [name, Float32Array.from({ length: hidden }, () => 0.25 + 4 * random())] as const),
  );

  for (const [norm, roles] of [
    ['attentionNorm', ['query', 'key', 'value']],
    ['feedForwardNorm', ['gate', 'up']],
  ] as const) {
    it(`keeps what each input of ${norm} is multiplied by in all`, async () => {
      const smoothed = smoothedSource(source, smoothing);
      const [before, after] = [await source.layerVector(1, norm), await smoothed.layerVector(1, norm)];
      assert.notDeepEqual(before, after);
      for (const role of roles) {
        const rows = source.layerMatrix(1, role).rows;
        const [plain, scaled] = [new Float32Array(rows * hidden), new Float32Array(rows * hidden)];
        await source.layerMatrix(1, role).readRows(0, rows, plain);
        await smoothed.layerMatrix(1, role).readRows(0, rows, scaled);
        plain.forEach((weight, index) => {
          const [expected, found] = [weight * before[index % hidden]!, scaled[index]! * after[index % hidden]!];
          assert.ok(Math.abs(expected - found) <= 1e-6 * Math.abs(expected) + 1e-9);
        });
      }
    });
  }

  it('leaves the other matrices and biases alone', async () => {
    const smoothed = smoothedSource(source, smoothing);
    assert.deepEqual(await smoothed.layerVector(0, 'queryBias'), await source.layerVector(0, 'queryBias'));
    const values = [source, smoothed].map(async (model) => {
      const { rows, columns } = model.layerMatrix(0, 'down');
      const into = new Float32Array(rows * columns);
      await model.layerMatrix(0, 'down').readRows(0, rows, into);
      return into;
    });
    assert.deepEqual(await values[1], await values[0]);
  });

  it('is refused where it does not fit', () => {
    const name = 'layers.0.attentionNorm';
    for (const factors of [undefined, new Float32Array(3).fill(1), new Float32Array(hidden)]) {
      const damaged = new Map(smoothing);
      damaged.delete(name);
      if (factors !== undefined) {
        damaged.set(name, factors);
      }
      assert.throws(() => smoothedSource(source, damaged).layerMatrix(0, 'key'), /do not fit attentionNorm of layer 0/);
    }
  });

  it('ships for every model of the catalogue, and for no other weights', async () => {
    const entries = await listCatalogue(ROOT);
    assert.ok(entries.ok && entries.value.length > 0);
    for (const { file, id } of entries.value) {
      const shipped = await loadSmoothing(ROOT, file.sha256);
      assert.ok(shipped !== undefined && shipped.size > 0, id);
    }
    assert.equal(await loadSmoothing(ROOT, '0'.repeat(64)), undefined);
  });
});
