/**
 * Writes token-id samples for the adapter from the corpus:
 *
 *     npx tsx train/samples/makeSamples.ts --part train --count 2000 --seed 1 --name train
 *
 * Reads <root>/corpus/<part>.jsonl.gz, writes <root>/samples/<name>.jsonl.gz, one `Sample` per line, where <root> is
 * $FORETOKEN_TRAIN or ~/.cache/foretoken/train. The same corpus, tokenizer, options and seed give the same file.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { loadTokenizer } from '../../src/inference/worker/loadTokenizer.ts';
import { defaultPackageDirectory } from '../../src/model/defaultPackage.ts';
import { openPackage } from '../../src/model/openPackage.ts';
import type { Sample, SampleTokens } from './buildSample.ts';
import type { SourceFile } from './drawGroup.ts';
import { drawGroup, drawLeftToRight } from './drawGroup.ts';
import type { Random } from './random.ts';
import { createRandom } from './random.ts';
import { createFileDrawer, groupBy, readCorpus, trainRoot } from './readCorpus.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'train' },
    name: { type: 'string', default: 'train' },
    count: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    /** Cursors per place; 1 for evaluation, so that samples are independent. */
    cuts: { type: 'string', default: '3' },
    'left-to-right': { type: 'string', default: '0.1' },
    'max-middle': { type: 'string', default: '72' },
    /** UTF-16 units, least and most. The defaults, much shorter than the product's prompts, cost a CPU less to learn from. */
    'before-chars': { type: 'string', default: '260-1300' },
    'after-chars': { type: 'string', default: '70-560' },
    'context-chars': { type: 'string', default: '200-700' },
    /** Package whose tokenizer is used; by default the default model's. */
    package: { type: 'string', default: defaultPackageDirectory() },
  },
});

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const root = trainRoot();
  const corpusFile = path.join(root, 'corpus', `${values.part}.jsonl.gz`);
  const outFile = path.join(root, 'samples', `${values.name}.jsonl.gz`);
  const { tokens, end } = await readTokens(values.package);
  const random = createRandom(Number(values.seed));
  const samples = drawSamples(readCorpus(corpusFile, random), tokens, random);
  const header = {
    format: 'foretoken samples 1',
    corpus: createHash('sha256').update(readFileSync(corpusFile)).digest('hex'),
    options: { ...values, package: undefined },
    control: { prefix: tokens.control.prefix, suffix: tokens.control.suffix, middle: tokens.control.middle, end },
  };
  mkdirSync(path.dirname(outFile), { recursive: true });
  writeFileSync(outFile, gzipSync([header, ...samples].map((row) => `${JSON.stringify(row)}\n`).join('')));
  process.stdout.write(`${outFile}: ${describeSamples(samples)}`);
}

function drawSamples(files: readonly SourceFile[], tokens: SampleTokens, random: Random): readonly Sample[] {
  const drawFile = createFileDrawer(files, random);
  const count = Number(values.count);
  const drawn: Sample[] = [];
  const options = {
    cuts: Number(values.cuts),
    maxMiddleTokens: Number(values['max-middle']),
    beforeChars: readRange(values['before-chars']),
    afterChars: readRange(values['after-chars']),
    contextChars: readRange(values['context-chars']),
  };
  let leftToRight = 0;
  for (let group = 0; drawn.length < count; group++) {
    const { file, others } = drawFile();
    const isDue = leftToRight < Number(values['left-to-right']) * drawn.length;
    const next = isDue
      ? drawLeftToRight(file, group, tokens, options, random)
      : drawGroup(file, others, group, tokens, options, random);
    leftToRight += isDue ? next.length : 0;
    drawn.push(...next);
  }
  return drawn;
}

function readRange(text: string): readonly [number, number] {
  const [least, most] = text.split('-').map(Number);
  if (!(least! > 0 && most! >= least!)) {
    throw new Error(`${text} is no range of lengths; give two numbers as in 260-1300`);
  }
  return [least!, most!];
}

async function readTokens(directory: string): Promise<{ readonly tokens: SampleTokens; readonly end: number }> {
  const opened = await openPackage(directory);
  if (!opened.ok) {
    throw new Error(opened.error);
  }
  const { manifest } = opened.value;
  const definition = JSON.parse(readFileSync(path.join(directory, manifest.files.tokenizer.name), 'utf8'));
  const added = definition.added_tokens as readonly { readonly id: number; readonly content: string }[];
  const endToken = added.find(({ content }) => content === '<|endoftext|>')?.id;
  if (endToken === undefined || !manifest.fillInTheMiddle.stop.includes(endToken)) {
    throw new Error('the package has no <|endoftext|> among its stop tokens, so nothing can teach the model to end');
  }
  return {
    tokens: { tokenizer: await loadTokenizer(directory, manifest), control: manifest.fillInTheMiddle },
    end: endToken,
  };
}

/** Counts by kind and language and the usual lengths, for the log. */
function describeSamples(samples: readonly Sample[]): string {
  const shares = (key: 'kind' | 'language'): string =>
    [...groupBy(samples, (sample) => sample[key])].map(([name, rows]) => `${name} ${rows.length}`).join(', ');
  const median = (key: 'prompt' | 'middle'): number =>
    samples.map((sample) => sample[key].length).toSorted((left, right) => left - right)[samples.length >> 1] ?? 0;
  return [
    `${samples.length} samples in ${new Set(samples.map(({ group }) => group)).size} groups`,
    `kinds: ${shares('kind')}`,
    `languages: ${shares('language')}`,
    `median tokens: prompt ${median('prompt')}, middle ${median('middle')}`,
    `without an end: ${samples.filter(({ ends }) => !ends).length}`,
    '',
  ].join('\n');
}
