// Chooses the held-out positions from corpus/heldOut.jsonl.gz and writes heldOutPositions.jsonl.gz beside this file:
// where they stand, without their text.
//
//   npx tsx train/data/chooseHeldOutPositions.ts
//
// Run it again only to change the evaluation set: figures of two sets cannot be compared.

import { join } from 'node:path';
import type { CorpusRow } from './corpusRow.ts';
import { dataFolders } from './dataFolders.ts';
import { chooseHeldOutPositions } from './positions/heldOutPositions.ts';
import { readJsonLines } from './readJsonLines.ts';
import { repositoryFile } from './repositoryFile.ts';
import { runScript } from './runScript.ts';
import { writeJsonLines } from './writeJsonLines.ts';

runScript(async () => {
  const rows = await readJsonLines<CorpusRow>(join(dataFolders().corpus, 'heldOut.jsonl.gz'));
  const positions = chooseHeldOutPositions(rows);
  await writeJsonLines(repositoryFile('heldOutPositions.jsonl.gz'), positions);
  const counts = new Map<string, number>();
  for (const { language, kind } of positions) {
    counts.set(`${language} ${kind}`, (counts.get(`${language} ${kind}`) ?? 0) + 1);
  }
  process.stdout.write([...counts].map(([key, count]) => `${key}: ${count}\n`).join(''));
  process.stdout.write(`${positions.length} positions written to train/data/heldOutPositions.jsonl.gz\n`);
});
