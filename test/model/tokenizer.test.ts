import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Utf8Decoder } from '../../src/base/utf8.ts';
import type { Tokenizer } from '../../src/engine/tokenizer/tokenizer.ts';
import { createWordMask } from '../../src/engine/tokenizer/wordMask.ts';
import { loadTokenizer } from '../../src/inference/worker/loadTokenizer.ts';
import { defaultPackage } from '../support/defaultPackage.ts';
import { createRandom } from '../support/random.ts';

interface HardString {
  readonly text: string;
  /** What the official tokenizer gives in the reference implementation, user text never read as special tokens. */
  readonly ids: readonly number[];
}

describe('tokenizer of the built package', function () {
  this.timeout(60_000);
  let tokenizer: Tokenizer;
  let strings: readonly HardString[];

  before(async () => {
    const { directory, manifest } = await defaultPackage();
    tokenizer = await loadTokenizer(directory, manifest);
    const file = readFileSync(new URL('../fixtures/tokenizer/strings.json.gz', import.meta.url));
    strings = JSON.parse(gunzipSync(file).toString()) as readonly HardString[];
  });

  it("gives the reference implementation's ids for 1,000 hard strings", () => {
    assert.ok(strings.length >= 1000);
    const different = strings.filter(({ text, ids }) => tokenizer.encode(text).join() !== ids.join());
    assert.deepEqual(different, []);
  });

  it('decodes every one of them back, in composed form, however its bytes are split over tokens', () => {
    for (const { text, ids } of strings) {
      const decoder = new Utf8Decoder();
      const decoded = ids.map((id) => decoder.push(tokenizer.bytesOf(id))).join('');
      // The vocabulary's normaliser composes characters (NFC) before it cuts them.
      assert.equal(decoded, text.normalize('NFC'));
    }
  });

  it('can spell any typed word under the mask', () => {
    const random = createRandom(41);
    for (const typed of [' retu', 'größe', '日本', '\t', '👩‍👩‍👧', '$_x9', '<|fim_middle|>']) {
      const logits = Float32Array.from({ length: 151_936 }, () => random());
      let mask = createWordMask(typed, tokenizer);
      let written = '';
      while (mask !== undefined) {
        const id = mask.bestAllowed({ topIds: [], topLogits: [], logSumExp: 0, entropy: 0, logits });
        written += tokenizer.bytesOf(id);
        mask = mask.after(id);
      }
      assert.ok(new Utf8Decoder().push(written).startsWith(typed));
    }
  });
});
