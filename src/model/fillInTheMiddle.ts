import type { FillInTheMiddleTokens } from './manifest.ts';
import { ModelError } from './modelError.ts';
import type { TokenizerSource } from './source/modelSource.ts';

/** Spellings of the control tokens: Qwen2.5-Coder and CodeQwen, StarCoder and its descendants, Code Llama for BPE. */
const SPELLINGS = {
  prefix: ['<|fim_prefix|>', '<fim_prefix>', '<fim-prefix>', '<PRE>'],
  suffix: ['<|fim_suffix|>', '<fim_suffix>', '<fim-suffix>', '<SUF>'],
  middle: ['<|fim_middle|>', '<fim_middle>', '<fim-middle>', '<MID>'],
  repoName: ['<|repo_name|>', '<repo_name>', '<reponame>'],
  fileSeparator: ['<|file_sep|>', '<file_sep>'],
} as const;

/** Other control tokens that no code contains, so that writing one means that the model has finished. */
const OTHER_ENDS = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|fim_pad|>',
  '<fim_pad>',
  '<fim-pad>',
  '<file_sep>',
  '<EOT>',
  '<|end_of_text|>',
  '<|eot_id|>',
];

/**
 * Finds the control tokens of the fill-in-the-middle prompt in a vocabulary.
 *
 * Only control and added tokens count: an ordinary token of that spelling was learnt from text. Throws `ModelError` when
 * the model has none, because it can then not complete code that has code after it.
 */
export function findFillInTheMiddleTokens(tokenizer: TokenizerSource): FillInTheMiddleTokens {
  const idOf = new Map<string, number>();
  for (const [id, text] of tokenizer.tokens.entries()) {
    if (tokenizer.kinds[id] === 'control' || tokenizer.kinds[id] === 'added') {
      idOf.set(text, id);
    }
  }
  const find = (name: keyof typeof SPELLINGS): number | undefined =>
    SPELLINGS[name].map((text) => idOf.get(text)).find((id) => id !== undefined);
  const prefix = find('prefix');
  const suffix = find('suffix');
  const middle = find('middle');
  if (prefix === undefined || suffix === undefined || middle === undefined) {
    throw new ModelError(
      'unsupported',
      'it has no fill-in-the-middle tokens, so it cannot complete code that has code after the cursor; choose a code ' +
        'model that fills in the middle, such as Qwen2.5-Coder',
    );
  }
  const repoName = find('repoName');
  const fileSeparator = find('fileSeparator');
  const ends = [...tokenizer.endTokens, ...OTHER_ENDS.map((text) => idOf.get(text)), repoName, fileSeparator];
  const stop = new Set([...ends, prefix, suffix, middle].filter((id) => id !== undefined));
  return {
    prefix,
    suffix,
    middle,
    stop: [...stop].sort((left, right) => left - right),
    ...(repoName === undefined ? {} : { repoName }),
    ...(fileSeparator === undefined ? {} : { fileSeparator }),
  };
}
