import assert from 'node:assert/strict';
import { createTokenizer } from '../../../src/engine/tokenizer/tokenizer.ts';
import { findFillInTheMiddleTokens } from '../../../src/model/fillInTheMiddle.ts';
import type { PreTokenizer, TokenizerSource } from '../../../src/model/source/modelSource.ts';
import { tinySource } from '../../../src/model/tinyModel.ts';
import { tokenizerJson } from '../../../src/model/tokenizerJson.ts';

const tiny = tinySource().tokenizer;

describe('tokenizerJson', () => {
  it('merges as the vocabulary says and leaves every byte encodable', () => {
    const tokenizer = createTokenizer(JSON.parse(tokenizerJson(tiny)));
    const pieces = (text: string) => tokenizer.encode(text).map((id) => tiny.tokens[id]);
    assert.deepEqual(pieces('def return'), ['def', 'Ġ', 'return']);
    assert.deepEqual(pieces('    x'), ['ĠĠ', 'Ġ', 'Ġ', 'x']);
    const text = 'größe 日本 👩‍👩‍👧 \u0000\t';
    const bytes = tokenizer.encode(text).map((id) => tokenizer.bytesOf(id));
    assert.equal(Buffer.from(bytes.join(''), 'latin1').toString(), text);
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
      const ids = createTokenizer(JSON.parse(tokenizerJson(source))).encode(text);
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
