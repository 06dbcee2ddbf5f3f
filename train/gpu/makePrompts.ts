/**
 * Writes the prompts of a positions file as token ids, as the product would send them, for a model on another machine to
 * continue (`writeTexts.py`) and `scoreTexts.ts` to judge:
 *
 *     npx tsx train/gpu/makePrompts.ts [--positions FILE] [--layout anchored|plain] [--out FILE]
 *
 * The first row has the ids that end a text. Each other one: `id` of the position, `prompt`, and `typed`, the start of a word that
 * must be written again.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { toSnapshot } from '../../src/cli/positionSnapshot.ts';
import { readPositions } from '../../src/cli/positions.ts';
import { tokenizePrompt } from '../../src/engine/tokenizer/tokenizePrompt.ts';
import { loadTokenizer } from '../../src/inference/worker/loadTokenizer.ts';
import { defaultPackageDirectory } from '../../src/model/defaultPackage.ts';
import { openPackage } from '../../src/model/openPackage.ts';
import { planPlainPrompt, planPrompt } from '../../src/pipeline/prompt/planPrompt.ts';
import { runScript } from '../data/runScript.ts';
import { writeJsonLines } from '../data/writeJsonLines.ts';
import { trainRoot } from '../samples/readCorpus.ts';

const { values } = parseArgs({
  options: {
    positions: { type: 'string', default: path.join(trainRoot(), 'corpus', 'heldOutPositions.jsonl.gz') },
    layout: { type: 'string', default: 'anchored' },
    out: { type: 'string' },
    /** Package whose tokenizer is used; by default the default model's. */
    package: { type: 'string', default: defaultPackageDirectory() },
  },
});

runScript(async () => {
  const opened = await openPackage(values.package);
  if (!opened.ok) {
    throw new Error(opened.error);
  }
  const { fillInTheMiddle: control } = opened.value.manifest;
  const tokenizer = await loadTokenizer(values.package, opened.value.manifest);
  const rows = (await readPositions(values.positions)).map((position) => {
    const snapshot = toSnapshot(position);
    const plan = values.layout === 'plain' ? planPlainPrompt(snapshot) : planPrompt(snapshot, undefined);
    const tokens = tokenizePrompt(plan, { tokenizer, control }, { heal: true, mostTokens: Number.POSITIVE_INFINITY });
    return { id: position.id, prompt: tokens.promptTokens, typed: tokens.typed };
  });
  const out = values.out ?? path.join(trainRoot(), 'samples', `prompts-${values.layout}.jsonl.gz`);
  await writeJsonLines(out, [{ format: 'foretoken prompts 1', stop: control.stop }, ...rows]);
  process.stdout.write(`${rows.length} prompts written to ${out}\n`);
});
