import assert from 'node:assert/strict';
import { readSafetensors, tensorValues } from '../../../src/model/safetensors.ts';
import { safetensorsBytes } from '../../support/safetensorsFile.ts';

/** A file with this header and this many bytes of data. */
function fileWith(header: string, dataBytes: number, headerBytes = header.length): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerBytes));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes)]);
}

const tensor = (change: object): string =>
  JSON.stringify({ a: { dtype: 'F16', shape: [2, 2], data_offsets: [0, 8], ...change } });

describe('readSafetensors', () => {
  it('reads tensors of every type wherever they lie', () => {
    const values = [1, -2, 3];
    const types = ['I8', 'F32', 'F16', 'I32'] as const;
    const file = safetensorsBytes(types.map((type) => ({ name: type, type, dimensions: [3], values })));
    const shifted = Buffer.concat([Buffer.alloc(1), file]).subarray(1);
    const tensors = readSafetensors(shifted);
    assert.deepEqual([...tensors.keys()], [...types]);
    for (const type of types) {
      assert.deepEqual([...tensorValues(tensors.get(type)!)], values, type);
    }
    const brain = { type: 'BF16', dimensions: [2], bytes: Uint8Array.of(0x80, 0x3f, 0x20, 0xc0) } as const;
    assert.deepEqual([...tensorValues(brain)], [1, -2.5]);
  });

  const damaged: readonly [string, Uint8Array, RegExp][] = [
    ['is empty', new Uint8Array(0), /header is longer than the file/],
    ['announces a longer header', fileWith(tensor({}), 0, 1e6), /header is longer than the file/],
    ['announces an absurd header', fileWith('{}', 0, Number.MAX_SAFE_INTEGER), /header is longer than the file/],
    ['has no JSON', fileWith('{', 0), /header is not JSON/],
    ['has another JSON value', fileWith('[]', 0), /header is not a list of tensors/],
    ['has an unknown type', fileWith(tensor({ dtype: 'F8' }), 8), /"a" is stored as F8; readable are F32, F16/],
    ['has a type of the language', fileWith(tensor({ dtype: 'constructor' }), 8), /is stored as constructor/],
    ['has a tensor without description', fileWith('{"a":null}', 0), /"a" is stored as undefined/],
    ['has a negative size', fileWith(tensor({ shape: [-2, -2] }), 8), /has no shape or no range/],
    ['has a range beyond its end', fileWith(tensor({}), 7), /does not fit its shape or the file/],
    ['has a range that its shape does not fill', fileWith(tensor({ shape: [2, 3] }), 8), /does not fit its shape/],
    ['has a range that ends before it starts', fileWith(tensor({ data_offsets: [8, 0] }), 8), /does not fit its shape/],
  ];
  for (const [title, bytes, expected] of damaged) {
    it(`refuses a file that ${title}`, () => {
      assert.throws(() => readSafetensors(bytes), expected);
    });
  }
});
