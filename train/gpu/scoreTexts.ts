/**
 * Judges texts that a model wrote for the held-out prompts (`writeTexts.py`), as they are: no stop rules, no cleaning.
 *
 *     npx tsx train/gpu/scoreTexts.ts --layout anchored texts-trained-prompts-anchored.jsonl.gz [FILE ...]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Utf8Decoder } from '../../src/base/utf8.ts';
import { scoreCompletion, summarize } from '../../src/cli/evalMetrics.ts';
import { readPositions } from '../../src/cli/positions.ts';
import { loadTokenizer } from '../../src/inference/worker/loadTokenizer.ts';
import { defaultPackageDirectory } from '../../src/model/defaultPackage.ts';
import { openPackage } from '../../src/model/openPackage.ts';
import { readJsonLines } from '../data/readJsonLines.ts';
import { runScript } from '../data/runScript.ts';
import { trainRoot } from '../samples/readCorpus.ts';

interface PromptRow {
  readonly id?: string;
  readonly typed?: string;
}

interface WrittenText {
  readonly id: string;
  readonly tokens: readonly number[];
  readonly ended: boolean;
}

const { values, positionals } = parseArgs({
  options: {
    positions: { type: 'string', default: path.join(trainRoot(), 'corpus', 'heldOutPositions.jsonl.gz') },
    layout: { type: 'string', default: 'anchored' },
    package: { type: 'string', default: defaultPackageDirectory() },
  },
  allowPositionals: true,
});

runScript(async () => {
  const opened = await openPackage(values.package);
  if (!opened.ok) {
    throw new Error(opened.error);
  }
  const tokenizer = await loadTokenizer(values.package, opened.value.manifest);
  const positions = new Map((await readPositions(values.positions)).map((position) => [position.id, position]));
  const prompts = path.join(trainRoot(), 'samples', `prompts-${values.layout}.jsonl.gz`);
  const typed = new Map((await readJsonLines<PromptRow>(prompts)).map((row) => [row.id, row.typed ?? '']));
  for (const file of positionals) {
    const rows = (await readJsonLines<WrittenText>(file)).map(({ id, tokens, ended }) => {
      const position = positions.get(id);
      if (position === undefined) {
        throw new Error(`${values.positions} has no position ${id}; give the file that the prompts were made from`);
      }
      const decoder = new Utf8Decoder();
      const text = tokens.map((token) => decoder.push(tokenizer.bytesOf(token))).join('');
      return { position, score: scoreCompletion(text.slice(typed.get(id)!.length), position, ended) };
    });
    const percent = (rate: number): string => `${(100 * rate).toFixed(1)} %`;
    const all = summarize(rows);
    process.stdout.write(`${path.basename(file)}: ${rows.length} rows\n`);
    for (const [name, group] of [['all', all] as const, ...Object.entries({ ...all.byKind, ...all.byLanguage })]) {
      const cells = [
        `first line ${percent(group.exactFirstLine)}`,
        `whole ${percent(group.exactWhole)}`,
        `similarity ${group.editSimilarity.toFixed(3)}`,
        `ended ${percent(group.ended)}`,
        `too early ${percent(group.endedTooEarly)}`,
        `repeats ${percent(group.repeatsSuffix)}`,
      ];
      process.stdout.write(`  ${name} (${group.rows}): ${cells.join(', ')}\n`);
    }
  }
});
