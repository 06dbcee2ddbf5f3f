import assert from 'node:assert/strict';
import { toByteString, Utf8Decoder } from '../../../src/base/utf8.ts';
import { createRandom, randomInteger } from '../../support/random.ts';

describe('utf8', () => {
  it('encodes as TextEncoder does, lone surrogates included', () => {
    for (const text of [
      'plain',
      'größe',
      '日本語',
      '👩‍👩‍👧',
      'a\ud800b',
      '\udc00',
      '\u0000\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}',
    ]) {
      assert.deepEqual(
        [...toByteString(text)].map((unit) => unit.charCodeAt(0)),
        [...new TextEncoder().encode(text)],
      );
    }
  });

  it('decodes any split of any bytes as TextDecoder decodes the whole', () => {
    const random = createRandom(3);
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from({ length: randomInteger(random, 0, 12) }, () =>
        random() < 0.3 ? randomInteger(random, 0, 127) : randomInteger(random, 0x80, 0xff),
      );
      const closed = Uint8Array.of(...bytes, 0x2e);
      const decoder = new Utf8Decoder();
      let text = '';
      for (const byte of closed) {
        text += decoder.push(String.fromCharCode(byte));
      }
      assert.equal(text, new TextDecoder().decode(closed), [...bytes].join(' '));
      assert.equal(decoder.hasPendingBytes, false);
    }
  });

  it('holds back a character until its last byte', () => {
    const decoder = new Utf8Decoder();
    const bytes = toByteString('é👩');
    assert.deepEqual(
      [...bytes].map((byte) => decoder.push(byte)),
      ['', 'é', '', '', '', '👩'],
    );
  });
});
