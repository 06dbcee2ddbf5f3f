import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Random } from '../samples/random.ts';
import { createFileDrawer, groupBy, readCorpus } from '../samples/readCorpus.ts';

export interface TokenSample {
  /** One file after the other; each begins with a negative number, `-1 - index of its package`. */
  readonly tokens: Int32Array;
  readonly files: number;
}

/**
 * About `maxTokens` tokens of whole files, in the shares of languages and packages that samples have (`createFileDrawer`), each
 * file once and the files of a package together.
 */
export function sampleTokens(
  corpusFile: string,
  maxTokens: number,
  random: Random,
  encode: (text: string) => readonly number[],
): TokenSample {
  const files = readCorpus(corpusFile);
  const draw = createFileDrawer(files, random);
  const drawn = new Map<unknown, { readonly package: string; readonly ids: readonly number[] }>();
  let total = 0;
  // Small shelves run empty; the bound ends the drawing when the corpus is smaller than what was asked for.
  for (let draws = 0; total < maxTokens && draws < 50 * files.length; draws++) {
    const { file } = draw();
    if (!drawn.has(file)) {
      const ids = encode(file.text);
      drawn.set(file, { package: file.package, ids });
      total += ids.length;
    }
  }
  const tokens = new Int32Array(total + drawn.size);
  let at = 0;
  for (const [index, group] of [...groupBy([...drawn.values()], (file) => file.package).values()].entries()) {
    for (const { ids } of group) {
      tokens[at++] = -1 - index;
      tokens.set(ids, at);
      at += ids.length;
    }
  }
  return { tokens, files: drawn.size };
}

/** The sample that a file keeps, or a new one, which is then kept there: tokenising takes minutes. */
export function keptSample(file: string, draw: () => TokenSample): TokenSample {
  try {
    const bytes = readFileSync(file);
    const tokens = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    return { tokens, files: tokens.reduce((sum, token) => sum + (token < 0 ? 1 : 0), 0) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
  const sample = draw();
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.partial`, new Uint8Array(sample.tokens.buffer));
  renameSync(`${file}.partial`, file);
  return sample;
}
