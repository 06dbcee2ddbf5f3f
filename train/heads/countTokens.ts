/**
 * Counts tokens and pairs of neighbours in the corpus, for the draft vocabulary and the heads' previous-token bias.
 *
 *     npx tsx train/heads/countTokens.ts --part train [--max-tokens 6000000] [--out counts]
 *
 * Reads <root>/corpus/<part>.jsonl.gz; writes <root>/heads/<out>.safetensors: `tokens` I32 (vocabulary), `pairs` I32 (n, 3) with
 * the id, the next id and the count of each pair that came up at least `--min-pairs` times.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadTokenizer } from '../../src/inference/worker/loadTokenizer.ts';
import { defaultPackageDirectory } from '../../src/model/defaultPackage.ts';
import { openPackage } from '../../src/model/openPackage.ts';
import { createRandom } from '../samples/random.ts';
import { createFileDrawer, readCorpus, trainRoot } from '../samples/readCorpus.ts';
import { integerTensor, writeTensorFile } from './tensorFile.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'train' },
    out: { type: 'string', default: 'counts' },
    package: { type: 'string', default: defaultPackageDirectory() },
    'max-tokens': { type: 'string', default: '6000000' },
    'min-pairs': { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
});

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const root = trainRoot();
  const opened = await openPackage(values.package);
  if (!opened.ok) {
    throw new Error(opened.error);
  }
  const { manifest } = opened.value;
  const { encode } = await loadTokenizer(values.package, manifest);
  const files = readCorpus(path.join(root, 'corpus', `${values.part}.jsonl.gz`));
  // Languages in the shares that samples have, each file once.
  const draw = createFileDrawer(files, createRandom(Number(values.seed)));
  const seen = new Set<unknown>();
  const counts = new Int32Array(manifest.shape.vocabulary);
  const pairs = new Map<number, number>();
  const maxTokens = Number(values['max-tokens']);
  let total = 0;
  for (let draws = 0; total < maxTokens && draws < 20 * files.length; draws++) {
    const { file } = draw();
    if (seen.has(file)) {
      continue;
    }
    seen.add(file);
    const ids = encode(file.text);
    for (const [index, id] of ids.entries()) {
      counts[id]!++;
      const previous = ids[index - 1];
      if (previous !== undefined) {
        const pair = previous * manifest.shape.vocabulary + id;
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
      }
    }
    total += ids.length;
  }
  const kept = [...pairs].filter(([, count]) => count >= Number(values['min-pairs']));
  const rows = kept.flatMap(([pair, count]) => {
    const id = pair % manifest.shape.vocabulary;
    return [(pair - id) / manifest.shape.vocabulary, id, count];
  });
  mkdirSync(path.join(root, 'heads'), { recursive: true });
  const out = path.join(root, 'heads', `${values.out}.safetensors`);
  writeTensorFile(out, {
    tokens: integerTensor([counts.length], [...counts]),
    pairs: integerTensor([kept.length, 3], rows),
  });
  process.stdout.write(`${out}: ${total} tokens of ${seen.size} files, ${kept.length} of ${pairs.size} pairs kept\n`);
}
