import path from 'node:path';
import { Command } from 'commander';
import type { Grammars } from '../grammars/grammars.ts';
import type { GeneratedText } from '../inference/protocol.ts';
import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import { snapshotAt } from '../pipeline/context/documentSnapshot.ts';
import { languageIdForFileName } from '../pipeline/context/languageIds.ts';
import { cleanCompletion } from '../pipeline/postprocess/cleanCompletion.ts';
import { describeReason } from '../pipeline/postprocess/suggestion.ts';
import { chooseExtent } from '../pipeline/prompt/chooseExtent.ts';
import type { PromptPlan } from '../pipeline/prompt/planPrompt.ts';
import { planPrompt } from '../pipeline/prompt/planPrompt.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure, UsageError } from './cliError.ts';
import { cliGrammars } from './cliGrammars.ts';
import { completionRequest } from './completionRequest.ts';
import { drawCompletion } from './drawCompletion.ts';
import type { Engine } from './engineSession.ts';
import { withEngine } from './engineSession.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { formatMilliseconds, writeJson, writeLines } from './output.ts';
import { readTextFile } from './readTextFile.ts';

/** One entry of a samples file; `file` is relative to the samples file's folder. */
interface Sample {
  readonly file: string;
  /** Zero-based, like the column, which counts UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly note: string;
}

interface CompletedSample {
  readonly sample: Sample;
  readonly snapshot: DocumentSnapshot;
  readonly text: string;
  readonly replaceChars: number;
  readonly reason?: string;
  /** A first suggestion in a file: nothing of the prompt is in the cache. */
  readonly cold: GeneratedText;
  /** The same place reached by one more keystroke. */
  readonly warm: GeneratedText;
}

/** `sample`: shows on a few prepared places what the engine does, and how long it takes; part of `npm start`. */
export function sampleCommand(environment: CliEnvironment): Command {
  return new Command('sample')
    .description('complete prepared places and show text and timings')
    .argument('<samples.json>', 'list of {file, line, column, note}')
    .action((file: string, _own: unknown, command: Command) =>
      runSamples(environment, file, command.optsWithGlobals<GlobalOptions>()),
    );
}

async function runSamples(environment: CliEnvironment, file: string, options: GlobalOptions): Promise<void> {
  const samples = parseSamples(await readTextFile(file), file);
  const grammars = cliGrammars(environment);
  await withEngine(environment, options, async (engine) => {
    const documents: object[] = [];
    for (const sample of samples) {
      const completed = await completeSample(engine, grammars, sample, path.dirname(file));
      if (options.json) {
        const { text, reason, cold, warm } = completed;
        documents.push({ ...sample, text, ...(reason === undefined ? {} : { reason }), cold: cold.ms, warm: warm.ms });
      } else {
        writeLines(describe(completed));
      }
    }
    if (options.json) {
      writeJson(documents);
    }
  });
}

function parseSamples(text: string, name: string): readonly Sample[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The sentence below names the file; where in it the parser stumbled helps nobody.
    value = undefined;
  }
  const isSample = (entry: Partial<Sample> | null): boolean =>
    typeof entry?.file === 'string' && Number.isInteger(entry.line) && Number.isInteger(entry.column);
  if (!Array.isArray(value) || !value.every(isSample)) {
    throw new UsageError(`${name} is not a list of {file, line, column}`);
  }
  return (value as Sample[]).map((sample) => ({ ...sample, note: sample.note ?? '' }));
}

/** The place as it was one keystroke ago, from an empty cache, and then the place itself. */
async function completeSample(
  engine: Engine,
  grammars: Grammars,
  sample: Sample,
  folder: string,
): Promise<CompletedSample> {
  const filePath = path.join(folder, sample.file);
  const rawText = await readTextFile(filePath);
  const document = { documentId: filePath, languageId: languageIdForFileName(filePath), rawText };
  const snapshot = snapshotAt(document, sample.line, sample.column);
  if (snapshot === undefined) {
    throw new UsageError(`${sample.file} has no line ${sample.line}, column ${sample.column}`);
  }
  const before = withoutLastUnit(snapshot);
  const firstPlan = planPrompt(before, undefined);
  const cold = await complete(engine, before, firstPlan, true);
  const warm = await complete(engine, snapshot, planPrompt(snapshot, firstPlan), false);
  const outcome = cleanCompletion(warm, snapshot, await grammars.load(snapshot.languageId));
  return {
    sample,
    snapshot,
    cold,
    warm,
    ...(outcome.kind === 'suggestion'
      ? { text: outcome.text, replaceChars: outcome.replaceChars }
      : { text: '', replaceChars: 0, reason: describeReason(outcome.reason) }),
  };
}

function withoutLastUnit(snapshot: DocumentSnapshot): DocumentSnapshot {
  const { text, offset } = snapshot;
  const end = Math.max(0, offset - 1);
  return { ...snapshot, text: text.slice(0, end) + text.slice(offset), offset: end };
}

async function complete(
  engine: Engine,
  snapshot: DocumentSnapshot,
  plan: PromptPlan,
  cold: boolean,
): Promise<GeneratedText> {
  const request = completionRequest(snapshot, plan, chooseExtent(snapshot), { cold });
  const result = await engine.client.complete(request);
  if (result.kind !== 'generated') {
    throw new CommandFailure('message' in result ? result.message : `the engine gave up (${result.kind})`);
  }
  return result.generated;
}

function describe({ sample, snapshot, text, replaceChars, reason, cold, warm }: CompletedSample): readonly string[] {
  const figures = ({ ms, freshTokens, tokens }: GeneratedText): string =>
    `${formatMilliseconds(ms.total)} (read ${freshTokens} of the prompt's tokens, wrote ${tokens})`;
  return [
    `${path.basename(sample.file)}, line ${sample.line + 1}${sample.note === '' ? '' : `: ${sample.note}`}`,
    ...(reason === undefined
      ? drawCompletion(snapshot, { text, replaceChars }, sample.line)
      : [`  no suggestion: ${reason}`]),
    `  first suggestion ${figures(cold)}, at the next keystroke ${figures(warm)}`,
    '',
  ];
}
