import assert from 'node:assert/strict';
import { Tokenizer } from '@huggingface/tokenizers';
import type { PreTokenizer } from '../../../src/engine/tokenizer/preTokenize.ts';
import { findFillInTheMiddleTokens } from '../../../src/model/fillInTheMiddle.ts';
import type { TokenizerSource } from '../../../src/model/source/modelSource.ts';
import { tinySource } from '../../../src/model/tinyModel.ts';
import { tokenizerJson } from '../../../src/model/tokenizerJson.ts';

const tiny = tinySource().tokenizer;

/** Another program that reads the file. */
function reader(source: TokenizerSource): { readonly encode: (text: string) => readonly number[] } {
  const definition = JSON.parse(tokenizerJson(source));
  const tokenizer = new Tokenizer({ ...definition, added_tokens: [] }, {});
  return { encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids };
}

describe('tokenizerJson', () => {
  it('merges as the vocabulary says and leaves every byte encodable', () => {
    const { encode } = reader(tiny);
    const pieces = (text: string) => encode(text).map((id) => tiny.tokens[id]);
    assert.deepEqual(pieces('def return'), ['def', 'Ġ', 'return']);
    assert.deepEqual(pieces('    x'), ['ĠĠ', 'Ġ', 'Ġ', 'x']);
    assert.ok(encode('größe 日本 👩‍👩‍👧 \u0000\t').every((id) => tiny.kinds[id] === 'ordinary'));
  });

  it('lists control tokens as added ones and leaves unused ids out', () => {
    const definition = JSON.parse(tokenizerJson(tiny));
    const contents = definition.added_tokens.map((token: { readonly content: string }) => token.content);
    assert.deepEqual(
      contents,
      tiny.tokens.filter((token) => token.startsWith('<|')),
    );
    assert.ok(!JSON.stringify(definition).includes('[PAD'));
  });

  const splits: readonly [PreTokenizer, string, readonly string[]][] = [
    ['qwen2', 'x1234', ['x', '1', '2', '3', '4']],
    ['llama-bpe', 'x1234', ['x', '123', '4']],
    ['gpt-2', 'x1234', ['x', '1234']],
  ];
  for (const [preTokenizer, text, expected] of splits) {
    it(`cuts numbers as ${preTokenizer} does`, () => {
      const merges = ['1 2', '12 3', '123 4'];
      const tokens = [...tiny.tokens.slice(0, 256), '12', '123', '1234'];
      const source: TokenizerSource = { ...tiny, preTokenizer, tokens, merges, kinds: tokens.map(() => 'ordinary') };
      const ids = reader(source).encode(text);
      assert.deepEqual(
        ids.map((id) => tokens[id]),
        expected,
      );
    });
  }
});

describe('findFillInTheMiddleTokens', () => {
  it('finds prefix, suffix and middle and stops at every control token that ends a text', () => {
    const found = findFillInTheMiddleTokens(tiny);
    const id = (text: string) => tiny.tokens.indexOf(text);
    assert.deepEqual(
      [found.prefix, found.suffix, found.middle, found.repoName, found.fileSeparator],
      ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>', '<|repo_name|>', '<|file_sep|>'].map(id),
    );
    assert.deepEqual(
      found.stop,
      tiny.tokens.flatMap((token, index) => (token.startsWith('<|') ? [index] : [])),
    );
  });

  it('takes no ordinary token of that spelling', () => {
    const kinds = tiny.kinds.map(() => 'ordinary' as const);
    assert.throws(() => findFillInTheMiddleTokens({ ...tiny, kinds }), /has no fill-in-the-middle tokens/);
  });

  it("knows StarCoder's spelling", () => {
    const tokens = tiny.tokens.map((token) => token.replace(/^<\|(fim_\w+)\|>$/, '<$1>'));
    assert.equal(findFillInTheMiddleTokens({ ...tiny, tokens }).middle, tokens.indexOf('<fim_middle>'));
  });
});
