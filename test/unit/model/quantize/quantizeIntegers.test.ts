import assert from 'node:assert/strict';
import { integerFormat, LARGEST_CODE, quantizeGroup } from '../../../../src/model/quantize/quantizeIntegers.ts';
import { createRandom } from '../../../support/random.ts';

describe('quantizeGroup', () => {
  const [columns, outputs, inputs] = [70, 5, 35];

  it('stores codes by input, whose steps miss no value by more than half', () => {
    const random = createRandom(3);
    const values = Float32Array.from({ length: outputs * columns }, () => (random() - 0.5) ** 3);
    for (const firstColumn of [0, inputs]) {
      const into = { codes: new Int8Array(outputs * inputs), scales: new Float32Array(outputs) };
      for (const [firstOutput, rows] of [
        [0, 2],
        [2, 3],
      ] as const) {
        const chunk = values.subarray(firstOutput * columns, (firstOutput + rows) * columns);
        quantizeGroup({ values: chunk, rows, columns, firstColumn, firstOutput, outputs }, into);
      }
      for (let output = 0; output < outputs; output++) {
        const scale = into.scales[output]!;
        const codes = Array.from({ length: inputs }, (_, input) => into.codes[input * outputs + output]!);
        assert.equal(Math.max(...codes.map(Math.abs)), LARGEST_CODE);
        codes.forEach((code, input) => {
          const value = values[output * columns + firstColumn + input]!;
          assert.ok(Math.abs(code * scale - value) <= 0.5001 * scale);
        });
      }
    }
  });

  it('keeps two products of the largest activation within 16 bits', () => {
    assert.ok(2 * 255 * LARGEST_CODE <= 2 ** 15 - 1);
  });

  it('stores a row of zeros as zeros', () => {
    const into = { codes: new Int8Array(inputs).fill(1), scales: new Float32Array(1) };
    const values = new Float32Array(inputs);
    quantizeGroup({ values, rows: 1, columns: inputs, firstColumn: 0, firstOutput: 0, outputs: 1 }, into);
    assert.ok(into.codes.every((code) => code === 0) && into.scales[0] === 0);
  });
});

describe('integerFormat', () => {
  it('cuts inputs into as few equal groups as are small enough', () => {
    const groups = [896, 512, 513, 4864, 7].map((inputs) => integerFormat(inputs, 512).groups);
    assert.deepEqual(groups, [2, 1, 3, 16, 1]);
  });
});
