import assert from 'node:assert/strict';
import { adapterSource } from '../../../../src/model/adapter/adapterSource.ts';
import type { Adapter } from '../../../../src/model/adapter/readAdapter.ts';
import { HALF_VALUES } from '../../../../src/model/quantize/halfFloat.ts';
import type { LayerMatrixRole, WeightMatrix } from '../../../../src/model/source/modelSource.ts';
import { tinySource } from '../../../../src/model/tinyModel.ts';
import { randomAdapterTensors } from '../../../support/adapterFile.ts';

const RANK = 3;
const SCALE = 1.5;
const source = tinySource();

function adapterWith(changes: Partial<Adapter> = {}): Adapter {
  return {
    directory: '',
    base: { name: 'tiny.gguf', sha256: '' },
    rank: RANK,
    scale: SCALE,
    layers: [1],
    weights: { name: 'adapter.safetensors', bytes: 0, sha256: '' },
    sha256: '',
    tensors: randomAdapterTensors(source.shape, [1], RANK),
    ...changes,
  };
}

describe('adapterSource', () => {
  // Where each projection's rows stand in the adapter's shared outputs: 4 heads of 32, 2 key-value heads, feed-forward 256.
  const places: readonly (readonly [LayerMatrixRole, string, number])[] = [
    ['query', 'queryKeyValue', 0],
    ['key', 'queryKeyValue', 128],
    ['value', 'queryKeyValue', 192],
    ['attentionOutput', 'attentionOutput', 0],
    ['gate', 'gateUp', 0],
    ['up', 'gateUp', 256],
    ['down', 'down', 0],
  ];
  for (const [role, target, firstOutput] of places) {
    it(`adds scale · B · A to ${role}`, async () => {
      const adapter = adapterWith();
      const a = adapter.tensors.get(`layers.1.${target}.a`)!;
      const b = adapter.tensors.get(`layers.1.${target}.b`)!;
      const plain = source.layerMatrix(1, role);
      const before = await allRows(plain, plain.rows);
      const expected = before.map((value, at) => {
        const output = firstOutput + Math.floor(at / plain.columns);
        let sum = value;
        for (let inner = 0; inner < RANK; inner++) {
          const left = HALF_VALUES[b.bits[output * RANK + inner]!]!;
          sum += SCALE * left * HALF_VALUES[a.bits[inner * plain.columns + (at % plain.columns)]!]!;
        }
        return sum;
      });
      const merged = adapterSource(source, adapter).layerMatrix(1, role);
      assert.ok(largestDifference(await allRows(merged, merged.rows), expected) < 1e-5);
      assert.deepEqual(await allRows(merged, 7), await allRows(merged, merged.rows));
    });
  }

  it('leaves the layers that it does not name as they are', async () => {
    const merged = adapterSource(source, adapterWith());
    const rows = source.shape.hidden;
    assert.deepEqual(
      await allRows(merged.layerMatrix(0, 'down'), rows),
      await allRows(source.layerMatrix(0, 'down'), rows),
    );
  });

  const tensors = randomAdapterTensors(source.shape, [1], RANK);
  const without = new Map([...tensors].filter(([name]) => name !== 'layers.1.down.b'));
  const transposed = new Map(
    [...tensors].map(([name, tensor]) => {
      const isIt = name === 'layers.1.down.a';
      return [name, isIt ? { ...tensor, rows: tensor.columns, columns: tensor.rows } : tensor] as const;
    }),
  );
  const leftover = new Map([...tensors, ['layers.0.down.a', tensors.get('layers.1.down.a')!] as const]);
  const refused: readonly (readonly [string, Partial<Adapter>, RegExp])[] = [
    ['of a deeper model', { layers: [1, 2] }, /adapter changes layer 2, the model has 2 layers$/],
    ['without one of its matrices', { tensors: without }, /lacks the tensor "layers\.1\.down\.b"$/],
    ['of another size', { tensors: transposed }, /tensor "layers\.1\.down\.a" is 256 × 3, expected 3 × 256$/],
    ['of another rank than it says', { rank: 4 }, /is 3 × 128, expected 4 × 128$/],
    ['with a matrix that fits nothing', { tensors: leftover }, /tensor "layers\.0\.down\.a" that fits nothing$/],
  ];
  for (const [title, changes, expected] of refused) {
    it(`refuses an adapter ${title}`, () => {
      assert.throws(() => adapterSource(source, adapterWith(changes)), expected);
    });
  }
});

async function allRows(matrix: WeightMatrix, rowsAtOnce: number): Promise<Float32Array> {
  const { rows, columns } = matrix;
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - row);
    await matrix.readRows(row, count, values.subarray(row * columns, (row + count) * columns));
  }
  return values;
}

function largestDifference(left: Float32Array, right: Float32Array): number {
  return left.reduce((largest, value, at) => Math.max(largest, Math.abs(value - right[at]!)), 0);
}
