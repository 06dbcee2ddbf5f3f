import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deviceStateFile, readDeviceState, writeDeviceState } from '../../../src/inference/worker/deviceState.ts';
import { TokenizedTexts } from '../../../src/inference/worker/tokenizedTexts.ts';
import { createByteTokenizer } from '../../support/byteTokenizer.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const state = {
  cost: [
    [1, 30],
    [2, 34.5],
  ],
  acceptance: { 'lookup:3': [12, 9.5] },
} as const;

describe('the kept state of a device', () => {
  const folder = useTemporaryDirectory();

  it('comes back as it was written, and leaves no other file', async () => {
    const file = deviceStateFile(join(folder(), 'new'), { model: 'm', quantization: 'q8', device: 'cpu', threads: 2 });
    await writeDeviceState(file, state);
    assert.deepEqual(await readDeviceState(file), state);
    assert.equal((await readdir(join(folder(), 'new'))).length, 1);
  });

  const damaged: readonly [name: string, text: string][] = [
    ['an empty file', ''],
    ['half a file', '{"version":1,"cost":[[1,30],'],
    ['another version', JSON.stringify({ version: 0, ...state })],
    [
      'rows that do not ascend',
      JSON.stringify({
        version: 1,
        ...state,
        cost: [
          [2, 1],
          [1, 1],
        ],
      }),
    ],
    [
      'a cost of nothing',
      JSON.stringify({
        version: 1,
        ...state,
        cost: [
          [1, 0],
          [2, 0],
        ],
      }),
    ],
    ['counts that are not numbers', JSON.stringify({ version: 1, ...state, acceptance: { 'lookup:3': ['x', 1] } })],
  ];
  for (const [name, text] of damaged) {
    it(`is measured again in place of ${name}`, async () => {
      const file = join(folder(), 'state.json');
      await writeFile(file, text);
      assert.equal(await readDeviceState(file), undefined);
    });
  }

  it('is measured when there is none', async () => {
    assert.equal(await readDeviceState(join(folder(), 'absent.json')), undefined);
  });
});

describe('TokenizedTexts', () => {
  it('tokenises one new text per request and knows it from then on', () => {
    let encoded = 0;
    const tokenizer = createByteTokenizer();
    const texts = new TokenizedTexts({
      ...tokenizer,
      encode: (text) => {
        encoded++;
        return tokenizer.encode(text);
      },
    });
    assert.equal(texts.take(['a', 'b']).length, 1);
    assert.deepEqual(texts.take(['a', 'b']), [tokenizer.encode('a'), tokenizer.encode('b')]);
    texts.take(['a', 'b']);
    assert.equal(encoded, 2);
  });
});
