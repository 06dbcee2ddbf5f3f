import type { PreTokenizer } from '../engine/tokenizer/preTokenize.ts';
import type { TokenizerSource } from './source/modelSource.ts';

/**
 * How each family splits text before merging, as its published `tokenizer.json` says it. A `Digits` step cuts numbers into
 * single digits first.
 */
const SPLITS: Readonly<Record<PreTokenizer, { readonly pattern: string; readonly hasDigitsStep: boolean }>> = {
  qwen2: {
    pattern:
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    hasDigitsStep: false,
  },
  'llama-bpe': {
    pattern:
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    hasDigitsStep: false,
  },
  'gpt-2': {
    pattern: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    hasDigitsStep: false,
  },
  starcoder: {
    pattern: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    hasDigitsStep: true,
  },
};

/**
 * The text of a Hugging Face `tokenizer.json` that gives the ids the model was trained with.
 *
 * Texts of control and added tokens become `added_tokens`; ids that only pad the vocabulary are left out.
 */
export function tokenizerJson(source: TokenizerSource): string {
  const vocab: [string, number][] = [];
  const addedTokens: object[] = [];
  for (const [id, content] of source.tokens.entries()) {
    const kind = source.kinds[id];
    if (kind === 'ordinary') {
      vocab.push([content, id]);
    } else if (kind === 'control' || kind === 'added') {
      const isSpecial = kind === 'control';
      addedTokens.push({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: isSpecial,
      });
    }
  }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  const { pattern, hasDigitsStep } = SPLITS[source.preTokenizer];
  const steps = [
    ...(hasDigitsStep ? [{ type: 'Digits', individual_digits: true }] : []),
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    byteLevel,
  ];
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens,
    normalizer: source.preTokenizer === 'qwen2' ? { type: 'NFC' } : null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: steps },
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      // Llama 3 takes a piece that is a token as it is, even where no sequence of merges leads to it.
      ignore_merges: source.preTokenizer === 'llama-bpe',
      vocab: Object.fromEntries(vocab),
      merges: source.merges,
    },
  });
}
