import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Tokenizer } from '../../engine/tokenizer/tokenizer.ts';
import { createTokenizer } from '../../engine/tokenizer/tokenizer.ts';
import { readVocabulary } from '../../engine/tokenizer/vocabulary.ts';
import type { ModelManifest } from '../../model/manifest.ts';

/** The tokenizer of a package. Throws a sentence for a file that cannot be used. */
export async function loadTokenizer(
  directory: string,
  { files, shape }: Pick<ModelManifest, 'files' | 'shape'>,
): Promise<Tokenizer> {
  const { name } = files.vocabulary;
  const vocabulary = readVocabulary(await readFile(path.join(directory, name)), shape.vocabulary);
  if (!vocabulary.ok) {
    throw new Error(`${name} cannot be used: ${vocabulary.error}; build the package again`);
  }
  return createTokenizer(vocabulary.value);
}
