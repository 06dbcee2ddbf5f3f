import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dequantize } from '../../../../src/model/gguf/dequantize.ts';
import { ggmlType } from '../../../../src/model/gguf/ggmlTypes.ts';

/** Written by `scripts/fixtures/quantizedBlocks.py` with the Python `gguf` package. */
const fixture = JSON.parse(
  readFileSync(new URL('../../../fixtures/model/quantizedBlocks.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, { readonly blocks: string; readonly values: string }>>;

describe('dequantize', () => {
  for (const id of [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 30]) {
    const type = ggmlType(id)!;
    it(`gives the reference implementation's values for ${type.name}, bit for bit`, () => {
      const { blocks, values } = fixture[type.name]!;
      const expected = new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer);
      const decoded = new Float32Array(expected.length);
      dequantize(type, Buffer.from(blocks, 'base64'), decoded, decoded.length);
      assert.deepEqual(decoded, expected);
    });
  }
});
