/**
 * How each family of byte-level vocabularies cuts a text into pieces before merging: no token crosses such a cut. The patterns
 * are those of the families' published `tokenizer.json` files, written for JavaScript: `\s` there is Unicode's White_Space
 * (JavaScript's own has U+FEFF and lacks U+0085), and `(?i:'s)` takes the long s (U+017F) along.
 */

/** In the order of their numbers in `vocabulary.bin`. */
export const PRE_TOKENIZERS = ['qwen2', 'llama-bpe', 'gpt-2', 'starcoder'] as const;
export type PreTokenizer = (typeof PRE_TOKENIZERS)[number];

const SPACE = '\\p{White_Space}';
const CONTRACTION = "'(?:[sSſtTdDmM]|[lL]{2}|[vV][eE]|[rR][eE])";
/** Of the second-generation families, which differ in how many digits stay together. */
const cutByWords = (digits: string): string =>
  `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^${SPACE}\\p{L}\\p{N}]+[\\r\\n]*|` +
  `${SPACE}*[\\r\\n]+|${SPACE}+(?!\\P{White_Space})|${SPACE}+`;
/** Blanks leave their last one to what follows them, unless that is one of `apart`. */
const cutAsGpt2 = (digits: string, apart: string): string =>
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+|${digits}| ?[^${SPACE}\\p{L}\\p{N}]+|${SPACE}+(?![^${SPACE}${apart}])|${SPACE}+`;

/** Every character is part of some piece. */
const PATTERNS: Readonly<Record<PreTokenizer, RegExp>> = {
  qwen2: new RegExp(cutByWords('\\p{N}'), 'gu'),
  'llama-bpe': new RegExp(cutByWords('\\p{N}{1,3}'), 'gu'),
  'gpt-2': new RegExp(cutAsGpt2(' ?\\p{N}+', ''), 'gu'),
  // Digits are cut out one by one before anything else is looked at.
  starcoder: new RegExp(cutAsGpt2('\\p{N}', '\\p{N}'), 'gu'),
};

/** The pieces of a text, in order; together they are the text, in composed form (NFC) where the family composes. */
export function preTokenize(text: string, family: PreTokenizer): readonly string[] {
  return (family === 'qwen2' ? text.normalize('NFC') : text).match(PATTERNS[family]) ?? [];
}
