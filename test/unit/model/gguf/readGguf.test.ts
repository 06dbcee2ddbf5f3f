import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readGguf } from '../../../../src/model/gguf/readGguf.ts';
import type { GgufSpec, GgufTensorSpec } from '../../../support/ggufFile.ts';
import { ggufBytes } from '../../../support/ggufFile.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';

const vector: GgufTensorSpec = { name: 'v', dimensions: [4], typeId: 0, data: new Uint8Array(16) };

describe('readGguf', () => {
  const directory = useTemporaryDirectory();

  function read(bytes: Uint8Array) {
    const file = path.join(directory(), 'model.gguf');
    writeFileSync(file, bytes);
    return readGguf(file);
  }

  function sentence(bytes: Uint8Array): string {
    const result = read(bytes);
    assert.equal(result.ok, false);
    return result.ok ? '' : result.error;
  }

  it('reads metadata and places tensors from the start of the file', () => {
    const result = read(
      ggufBytes({
        fields: {
          'general.name': { type: 'text', value: 'größe' },
          count: { type: 'uint64', value: 5 },
          scale: { type: 'float32', value: 0.5 },
          names: { type: 'texts', value: ['a', '', 'Ġb'] },
          kinds: { type: 'int32s', value: [1, -2, 3] },
        },
        tensors: [vector, { ...vector, name: 'm', dimensions: [2, 2] }],
      }),
    );
    assert.ok(result.ok);
    assert.deepEqual(Object.fromEntries(result.value.metadata), {
      'general.name': 'größe',
      count: 5,
      scale: 0.5,
      names: ['a', '', 'Ġb'],
      kinds: Int32Array.of(1, -2, 3),
    });
    const { v, m } = Object.fromEntries(result.value.tensors);
    assert.deepEqual([v?.bytes, m?.bytes, m?.dimensions], [16, 16, [2, 2]]);
    assert.deepEqual([v!.offset % 32, m!.offset - v!.offset], [0, 32]);
  });

  for (const shift of [0, 1, 2, 3, 4, 5, 6, 7]) {
    it(`reads values that straddle the windows in which the file is read, moved by ${shift} bytes`, () => {
      // Mostly lengths of empty texts, so that one of them lies across the edge after the first megabyte.
      const names = Array.from({ length: 150_000 }, (_, index) => (index % 1000 === 0 ? `n${index}` : ''));
      const result = read(
        ggufBytes({
          fields: {
            shift: { type: 'text', value: 'x'.repeat(shift) },
            names: { type: 'texts', value: names },
            last: { type: 'uint32', value: 7 },
          },
          tensors: [vector],
        }),
      );
      assert.ok(result.ok, result.ok ? '' : result.error);
      assert.deepEqual(result.value.metadata.get('names'), names);
      assert.equal(result.value.metadata.get('last'), 7);
    });
  }

  const hostile: readonly [string, GgufSpec, RegExp][] = [
    ['another file format', { magic: 'PK\u0003\u0004' }, /is not a GGUF file/],
    ['an old version', { version: 1 }, /GGUF version 1; versions 2 and 3 can be read/],
    ['a big-endian file', { version: 0x03000000 }, /big-endian/],
    ['an absurd tensor count', { tensorCount: 2 ** 50 }, /announces \d+ tensors, which no real model has/],
    ['an absurd key count', { keyCount: 2 ** 40 }, /announces \d+ metadata keys/],
    [
      'a list longer than the file',
      { fields: { list: { type: 'emptyList', elementType: 8, count: 8_000_000 } } },
      /"list" announces 8000000 elements, more than the file can hold: it is cut short or damaged; download it again/,
    ],
    [
      'a list of absurd length',
      { fields: { list: { type: 'emptyList', elementType: 0, count: 2 ** 52 } } },
      /more than the file can hold/,
    ],
    [
      'a list of lists',
      { fields: { list: { type: 'emptyList', elementType: 9, count: 1 } } },
      /list of elements of the unknown type 9/,
    ],
    [
      'an impossible shape',
      { tensors: [{ ...vector, dimensions: [2 ** 30, 2 ** 30] }] },
      /"v" has the impossible shape/,
    ],
    ['an empty dimension', { tensors: [{ ...vector, dimensions: [0] }] }, /"v" has the impossible shape/],
    ['too many dimensions', { tensors: [{ ...vector, dimensions: [1, 1, 1, 1, 1] }] }, /"v" has 5 dimensions/],
    ['rows that are not whole blocks', { tensors: [{ ...vector, typeId: 8 }] }, /not whole Q8_0 blocks/],
    ['a tensor beyond the end', { tensors: [{ ...vector, offset: 4096 }] }, /cut short: expected \d+ bytes, has \d+/],
    ['a tensor at an impossible place', { tensors: [{ ...vector, offset: 2 ** 53 - 1 }] }, /impossible place/],
    ['a tensor that appears twice', { tensors: [vector, vector] }, /"v" appears twice/],
    ['an absurd alignment', { fields: { 'general.alignment': { type: 'uint64', value: 2 ** 40 } } }, /alignment is/],
  ];
  for (const [title, spec, expected] of hostile) {
    it(`refuses ${title} in a sentence`, () => {
      assert.match(sentence(ggufBytes(spec)), expected);
    });
  }

  it('notices a file that is cut anywhere', () => {
    const whole = ggufBytes({ fields: { names: { type: 'texts', value: ['a', 'b'] } }, tensors: [vector] });
    for (let length = 4; length < whole.length - 16; length++) {
      assert.match(
        sentence(whole.subarray(0, length)),
        /the file is cut short|more than the file can hold/,
        `cut to ${length} bytes`,
      );
    }
  });

  it('says how many bytes a cut file should have', () => {
    const whole = ggufBytes({ tensors: [vector] });
    const cut = whole.subarray(0, whole.length - 20);
    assert.match(sentence(cut), new RegExp(`expected ${whole.length - 16} bytes, has ${cut.length}`));
  });

  it('survives random damage to a header', () => {
    const whole = ggufBytes({ fields: { names: { type: 'texts', value: ['abc', 'd'] } }, tensors: [vector] });
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 1, 127, 255]) {
        const damaged = Buffer.from(whole);
        damaged[at] = value;
        const result = read(damaged);
        assert.ok(result.ok || result.error.length > 0);
      }
    }
  });

  it('names a file that is missing', () => {
    const result = readGguf(path.join(directory(), 'absent.gguf'));
    assert.ok(!result.ok && /absent\.gguf cannot be read: it does not exist$/.test(result.error));
  });
});
