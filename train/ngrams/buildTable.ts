/**
 * Counts what usually follows a few tokens in the corpus and writes the table that `lookup` drafts from where no text matches.
 *
 *     npx tsx train/ngrams/buildTable.ts --package DIR [--pieces 5] [--use 3] [--one-piece] [--max-megabytes 8] [--out DIR]
 *
 * Reads <root>/corpus/train.jsonl.gz; keeps the tokenised sample in <root>/ngrams, in pieces of 8 million tokens;
 * `--one-piece` ends after making one, `--use` counts only the first few. Writes ngrams.bin (format:
 * `src/engine/draft/lookup/staticNgrams.ts`) and its entry in heads.json. The same corpus and options give the same file.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadTokenizer } from '../../src/inference/worker/loadTokenizer.ts';
import { DEFAULT_MODEL_ID } from '../../src/model/catalogue.ts';
import { defaultPackageDirectory } from '../../src/model/defaultPackage.ts';
import { openPackage } from '../../src/model/openPackage.ts';
import { trainRoot } from '../samples/readCorpus.ts';
import { chooseEntries } from './chooseEntries.ts';
import { countContexts } from './countContexts.ts';
import { encodeTable } from './encodeTable.ts';
import { keptPiece, mergePieces, PIECE_TOKENS } from './sampleTokens.ts';

const { values } = parseArgs({
  options: {
    package: { type: 'string', default: defaultPackageDirectory() },
    out: { type: 'string', default: path.join('models', DEFAULT_MODEL_ID, 'heads') },
    pieces: { type: 'string', default: '5' },
    use: { type: 'string' },
    'one-piece': { type: 'boolean', default: false },
    'max-megabytes': { type: 'string', default: '8' },
    'longest-context': { type: 'string', default: '4' },
    'min-places': { type: 'string', default: '2' },
    'min-packages': { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
});

const LICENCE = 'MIT';

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const opened = await openPackage(values.package);
  if (!opened.ok) {
    throw new Error(opened.error);
  }
  const { files, shape } = opened.value.manifest;
  const pieces = readPieces(
    files.tokenizer.sha256,
    (await loadTokenizer(values.package, opened.value.manifest)).encode,
  );
  if (pieces === undefined) {
    return;
  }
  const sample = mergePieces(pieces);
  const longestContext = Number(values['longest-context']);
  const minPlaces = Number(values['min-places']);
  const levels = countContexts(sample.tokens, { longestContext, minPlaces });
  const entries = chooseEntries(levels, {
    maxBytes: Number(values['max-megabytes']) * 1e6,
    minPlaces,
    minPackages: Number(values['min-packages']),
  });
  const bytes = encodeTable(entries, shape.vocabulary, longestContext);
  mkdirSync(values.out, { recursive: true });
  writeFileSync(path.join(values.out, 'ngrams.bin'), bytes);
  describe(path.join(values.out, 'heads.json'), {
    file: 'ngrams.bin',
    tokenizerSha256: files.tokenizer.sha256,
    trained: { tokens: sample.tokens.length - sample.files },
    licence: LICENCE,
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  process.stdout.write(
    `${values.out}/ngrams.bin: ${entries.length} entries of ${sample.tokens.length} tokens in ${sample.files} files, ` +
      `${(bytes.length / 1e6).toFixed(1)} MB, SHA-256 ${sha256}\n`,
  );
}

/** The pieces of the sample; undefined when `--one-piece` made one of them and others are still to be made. */
function readPieces(tokenizerSha256: string, encode: (text: string) => readonly number[]): Int32Array[] | undefined {
  const count = Number(values.pieces);
  const read: Int32Array[] = [];
  for (let piece = 0; piece < Number(values.use ?? count); piece++) {
    const name = `train-${values.seed}-${piece}of${count}-${tokenizerSha256.slice(0, 8)}.i32`;
    const file = path.join(trainRoot(), 'ngrams', name);
    const isNew = !existsSync(file);
    read.push(
      keptPiece(file, path.join(trainRoot(), 'corpus', 'train.jsonl.gz'), {
        piece,
        pieces: count,
        maxTokens: PIECE_TOKENS,
        seed: Number(values.seed),
        encode,
      }),
    );
    if (isNew && values['one-piece']) {
      process.stdout.write(`piece ${piece + 1} of ${count}: ${read.at(-1)!.length} tokens\n`);
      return undefined;
    }
  }
  return read;
}

/** Sets the table's entry and leaves the draft heads as they are. */
function describe(file: string, ngrams: object): void {
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { formatVersion: 1, heads: [] };
  writeFileSync(file, `${JSON.stringify({ ...known, ngrams }, undefined, 2)}\n`);
}
