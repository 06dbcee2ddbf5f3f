import assert from 'node:assert/strict';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { PRE_TOKENIZERS, preTokenize } from '../../../src/engine/tokenizer/preTokenize.ts';
import type { Tokenizer } from '../../../src/engine/tokenizer/tokenizer.ts';
import { createTokenizer } from '../../../src/engine/tokenizer/tokenizer.ts';
import { readVocabulary, writeVocabulary } from '../../../src/engine/tokenizer/vocabulary.ts';
import type { TokenizerSource } from '../../../src/model/source/modelSource.ts';
import { tinySource } from '../../../src/model/tinyModel.ts';
import { tokenizerJson } from '../../../src/model/tokenizerJson.ts';
import { vocabularyFile } from '../../../src/model/vocabularyFile.ts';
import { createRandom } from '../../support/random.ts';

const tiny = tinySource().tokenizer;

function tokenizerOf(source: TokenizerSource): Tokenizer {
  const vocabulary = readVocabulary(vocabularyFile(source), source.tokens.length);
  assert.ok(vocabulary.ok);
  return createTokenizer(vocabulary.value);
}

describe('tokenizer', () => {
  const parts = [
    'return',
    'the',
    'th',
    're',
    'def',
    'x',
    '1234',
    '٣',
    ' ',
    '  ',
    '    ',
    '\n',
    '\r\n',
    '\t',
    "'s",
    "'LL",
    'é',
  ];
  const signs = [
    '();',
    ') {',
    '}\n',
    '日本',
    '👩‍👩‍👧',
    'e\u0301',
    '\u0000',
    '\ud800',
    '<|fim_middle|>',
    '_',
    'in',
    'er',
    'st',
  ];
  const pieces = [...parts, ...signs];

  for (const preTokenizer of PRE_TOKENIZERS) {
    it(`gives the ids of Hugging Face's for random texts, as ${preTokenizer} cuts them`, () => {
      const source = { ...tiny, preTokenizer };
      const tokenizer = tokenizerOf(source);
      const definition = JSON.parse(tokenizerJson(source));
      const reference = new HuggingFaceTokenizer({ ...definition, added_tokens: [] }, {});
      const random = createRandom(5);
      // Hugging Face's JavaScript cuts only ASCII digits apart before the rest, its Rust all of them (`cuts` below).
      const allowed = preTokenizer === 'starcoder' ? pieces.filter((piece) => piece !== '٣') : pieces;
      for (let round = 0; round < 400; round++) {
        const length = 1 + Math.floor(random() * 12);
        const text = Array.from({ length }, () => allowed[Math.floor(random() * allowed.length)]).join('');
        assert.deepEqual(tokenizer.encode(text), reference.encode(text, { add_special_tokens: false }).ids, text);
      }
    });
  }

  // Python package `tokenizers` 0.23.3, the families' patterns with it: what JavaScript's own `\s` and `i` would get wrong.
  const cuts = [
    ['qwen2', "'ſ a'ſb", ["'ſ", ' a', "'ſ", 'b']],
    ['qwen2', '\ufeff\ufeffa', ['\ufeff\ufeff', 'a']],
    ['qwen2', 'a\u0085 \ufeff b', ['a', '\u0085', ' \ufeff', ' b']],
    ['qwen2', 'a   \n\n  b', ['a', '   \n\n', ' ', ' b']],
    ['starcoder', 'a  12 b', ['a', '  ', '1', '2', ' b']],
    ['starcoder', '٣٤ x', ['٣', '٤', ' x']],
    ['starcoder', 'x  ½1 ', ['x', '  ', '½', '1', ' ']],
    ['starcoder', 'a   \n\n  b', ['a', '   \n\n ', ' b']],
  ] as const;
  for (const [family, text, expected] of cuts) {
    it(`cuts ${JSON.stringify(text)} as ${family} does`, () => {
      assert.deepEqual(preTokenize(text, family), expected);
    });
  }

  it('takes a megabyte without a cut, and nothing', () => {
    const tokenizer = tokenizerOf(tiny);
    assert.deepEqual(tokenizer.encode(''), []);
    const ids = tokenizer.encode('the'.repeat(350_000));
    assert.equal(ids.length, 350_000);
    assert.deepEqual(new Set(ids), new Set([tiny.tokens.indexOf('the')]));
  });

  it('never gives a control token, and has no bytes for one', () => {
    const tokenizer = tokenizerOf(tiny);
    const control = tiny.tokens.indexOf('<|fim_middle|>');
    assert.ok(!tokenizer.encode('<|fim_middle|>').includes(control));
    assert.deepEqual([control, 511, 512, -1].map(tokenizer.bytesOf), ['', '', '', '']);
  });
});

describe('vocabulary file', () => {
  const file = vocabularyFile(tiny);
  const read = (bytes: Uint8Array, size = 512) => readVocabulary(bytes, size);
  const changed = (at: number, value: number): Uint8Array => {
    const copy = Uint8Array.from(file);
    new DataView(copy.buffer).setUint32(at, value, true);
    return copy;
  };

  it('comes back as it was written, at any place in memory', () => {
    const whole = read(file);
    assert.ok(whole.ok);
    assert.deepEqual(writeVocabulary(whole.value), file);
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    assert.deepEqual(read(shifted.subarray(3)), whole);
  });

  const sortedAt = 28 + 4 * 513;
  const damaged: readonly (readonly [name: string, bytes: Uint8Array, error: RegExp])[] = [
    ['nothing', new Uint8Array(), /it is not a vocabulary/],
    ['another file', new TextEncoder().encode('{"version": "1.0", "truncation": null}'), /it is not a vocabulary/],
    ['another version', changed(4, 2), /format version is 2/],
    ['an unknown family', changed(8, 9), /family of vocabularies \(9\)/],
    ['a count that does not fit', changed(16, 1e9), /its header says/],
    ['a cut', file.subarray(0, file.length - 1), /its header says/],
    ['bytes that begin behind their end', changed(28 + 4 * 5, 1e6), /its tokens are damaged/],
    ['an id that is not there', changed(sortedAt, 512), /an id that it does not have/],
    ['a byte without a token', changed(sortedAt, 5), /no token for some byte/],
  ];
  for (const [name, bytes, error] of damaged) {
    it(`is refused with ${name}`, () => {
      const result = read(bytes);
      assert.ok(!result.ok);
      assert.match(result.error, error);
    });
  }

  it('is refused for a smaller model', () => {
    assert.match(String(Object.values(read(file, 511))), /it has 512 ids, the model 511/);
  });

  it('is not written for pieces that no bytes or merges lead to', () => {
    assert.throws(() => vocabularyFile({ ...tiny, merges: ['x yz'] }), /merges "x yz", whose parts or sum it lacks/);
    const kinds = tiny.kinds.map((kind, id) => (id === 65 ? 'unused' : kind));
    assert.throws(() => vocabularyFile({ ...tiny, kinds }), /no token for some byte/);
  });
});
