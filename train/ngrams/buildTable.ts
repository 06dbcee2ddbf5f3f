/**
 * Counts what usually follows a few tokens in the corpus and writes the table that `lookup` drafts from where no text matches.
 *
 *     npx tsx train/ngrams/buildTable.ts --package DIR [--tokens 8000000] [--max-megabytes 8] [--out models/<id>/heads]
 *
 * Reads <root>/corpus/train.jsonl.gz; keeps the tokenised sample in <root>/ngrams. Writes ngrams.bin (format:
 * `src/engine/draft/lookup/staticNgrams.ts`) and its entry in heads.json. The same corpus and options give the same file.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createTokenizer } from '../../src/engine/tokenizer/tokenizer.ts';
import { packageDirectory } from '../../src/model/cacheDirectory.ts';
import { DEFAULT_MODEL_ID } from '../../src/model/catalogue.ts';
import { openPackage } from '../../src/model/openPackage.ts';
import { createRandom } from '../samples/random.ts';
import { trainRoot } from '../samples/readCorpus.ts';
import { chooseEntries } from './chooseEntries.ts';
import { countContexts } from './countContexts.ts';
import { encodeTable } from './encodeTable.ts';
import { keptSample, sampleTokens } from './sampleTokens.ts';

const { values } = parseArgs({
  options: {
    package: { type: 'string', default: packageDirectory(DEFAULT_MODEL_ID, 'q8') },
    out: { type: 'string', default: path.join('models', DEFAULT_MODEL_ID, 'heads') },
    tokens: { type: 'string', default: '8000000' },
    'max-megabytes': { type: 'string', default: '8' },
    'longest-context': { type: 'string', default: '4' },
    'min-places': { type: 'string', default: '3' },
    'min-packages': { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
});

const LICENCE = 'Apache-2.0';

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
  const definition = JSON.parse(readFileSync(path.join(values.package, files.tokenizer.name), 'utf8'));
  const maxTokens = Number(values.tokens);
  const sampleFile = path.join(
    trainRoot(),
    'ngrams',
    `train-${values.seed}-${maxTokens}-${files.tokenizer.sha256.slice(0, 8)}.i32`,
  );
  const sample = keptSample(sampleFile, () =>
    sampleTokens(
      path.join(trainRoot(), 'corpus', 'train.jsonl.gz'),
      maxTokens,
      createRandom(Number(values.seed)),
      createTokenizer(definition).encode,
    ),
  );
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

/** Sets the table's entry and leaves the draft heads as they are. */
function describe(file: string, ngrams: object): void {
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { formatVersion: 1, heads: [] };
  writeFileSync(file, `${JSON.stringify({ ...known, ngrams }, undefined, 2)}\n`);
}
