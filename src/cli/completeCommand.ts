import path from 'node:path';
import { Command } from 'commander';
import type { CompletionResult, GeneratedText, LoadedModelInfo } from '../inference/protocol.ts';
import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import { snapshotAt } from '../pipeline/context/documentSnapshot.ts';
import { languageIdForFileName } from '../pipeline/context/languageIds.ts';
import { refusePlace } from '../pipeline/gate/refusePlace.ts';
import { cleanCompletion } from '../pipeline/postprocess/cleanCompletion.ts';
import type { NoSuggestion, Suggestion } from '../pipeline/postprocess/suggestion.ts';
import { describeReason, noSuggestion } from '../pipeline/postprocess/suggestion.ts';
import { chooseExtent } from '../pipeline/prompt/chooseExtent.ts';
import { planPrompt } from '../pipeline/prompt/planPrompt.ts';
import type { SourceParser } from '../pipeline/syntax/sourceParser.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure, UsageError } from './cliError.ts';
import { cliGrammars } from './cliGrammars.ts';
import { completionRequest } from './completionRequest.ts';
import type { DraftOptions, MethodOption } from './draftOptions.ts';
import { addDraftOptions, addMethodOption } from './draftOptions.ts';
import { drawCompletion } from './drawCompletion.ts';
import { withEngine } from './engineSession.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { wholeNumber } from './globalOptions.ts';
import { formatMilliseconds, writeJson, writeLines } from './output.ts';
import { readTextFile } from './readTextFile.ts';
import { refuseFile } from './refuseFile.ts';

const QUIET_NOWHERE = { comment: false, string: false, prose: false };

interface CompleteOptions extends GlobalOptions, DraftOptions, MethodOption {
  readonly line: number;
  readonly column: number;
  readonly singleLine: boolean;
  readonly raw: boolean;
}

/** `complete`: what the editor would show at one place of a file, with the engine's figures. */
export function completeCommand(environment: CliEnvironment): Command {
  const command = new Command('complete')
    .description('complete a file at a position, as the editor would')
    .argument('<file>', 'source file, UTF-8')
    .requiredOption('--line <line>', 'line of the cursor, from 0', wholeNumber(0))
    .requiredOption('--column <column>', 'column of the cursor in UTF-16 units, from 0', wholeNumber(0))
    .option('--single-line', 'end with the line, also where a block would be due', false)
    .option('--raw', 'the model alone: no stop rules and no cleaning', false);
  return addDraftOptions(addMethodOption(command)).action((file: string, _own: unknown, command: Command) =>
    complete(environment, file, command.optsWithGlobals<CompleteOptions>()),
  );
}

async function complete(environment: CliEnvironment, file: string, options: CompleteOptions): Promise<void> {
  const snapshot = await readSnapshot(file, options.line, options.column);
  const refusal = options.raw ? undefined : (refuseFile(snapshot) ?? refusePlace(snapshot, QUIET_NOWHERE, true));
  const plan = planPrompt(snapshot, undefined);
  const extent = options.singleLine ? 'single-line' : chooseExtent(snapshot);
  const request = completionRequest(snapshot, plan, extent, { ...options, stopRules: !options.raw });
  const { result, model } = await withEngine(environment, options, async (engine) => ({
    result: refusal === undefined ? await engine.client.complete(request) : undefined,
    model: engine.model,
  }));
  const parser = await cliGrammars(environment).load(snapshot.languageId);
  const outcome = refusal ?? judge(result!, snapshot, options.raw, parser);
  if (options.json) {
    writeJson(toDocument(outcome, result, model));
    return;
  }
  writeLines([
    ...(outcome.kind === 'suggestion'
      ? drawCompletion(snapshot, outcome, options.line)
      : [`No suggestion: ${describeReason(outcome.reason)}`]),
    '',
    ...(result?.kind === 'generated' ? describeFigures(result.generated, model) : []),
  ]);
}

/** The file at the position. Throws `UsageError` that names the end which the position is past. */
async function readSnapshot(file: string, line: number, column: number): Promise<DocumentSnapshot> {
  const rawText = await readTextFile(file);
  const document = { documentId: path.resolve(file), languageId: languageIdForFileName(file), rawText };
  const snapshot = snapshotAt(document, line, column);
  if (snapshot !== undefined) {
    return snapshot;
  }
  const lines = rawText.split(/\r?\n/);
  const wanted = lines[line];
  throw new UsageError(
    wanted === undefined
      ? `--line ${line} is past the end: ${file} has ${count(lines.length, 'line')}, and counting from 0 the last one is ${lines.length - 1}`
      : `--column ${column} is past the end of the line: line ${line} of ${file} has ${count(wanted.length, 'UTF-16 unit')}`,
  );
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** What the editor would show. Throws `CommandFailure` when the engine failed. */
function judge(
  result: CompletionResult,
  snapshot: DocumentSnapshot,
  isRaw: boolean,
  parser: SourceParser | undefined,
): Suggestion | NoSuggestion {
  switch (result.kind) {
    case 'generated':
      return isRaw && result.generated.text !== ''
        ? { kind: 'suggestion', text: result.generated.text, replaceChars: 0 }
        : cleanCompletion(result.generated, snapshot, parser);
    case 'prompt-too-long':
      return noSuggestion('prompt-too-long', result.message);
    case 'cancelled':
    case 'superseded':
      return noSuggestion(result.kind, result.stage);
    case 'not-loaded':
      throw new CommandFailure('the worker lost its model; try again');
    case 'failed':
      throw new CommandFailure(`the engine failed: ${result.message}`);
  }
}

function toDocument(
  outcome: Suggestion | NoSuggestion,
  result: CompletionResult | undefined,
  model: LoadedModelInfo,
): object {
  const figures: Omit<GeneratedText, 'text'> =
    result?.kind === 'generated' ? withoutText(result.generated) : NO_FIGURES;
  const { id, quantization, device, threads, loadMs } = model;
  return {
    text: outcome.kind === 'suggestion' ? outcome.text : '',
    ...(outcome.kind === 'suggestion'
      ? { replaceChars: outcome.replaceChars }
      : { reason: outcome.reason, explanation: describeReason(outcome.reason) }),
    ...figures,
    model: id,
    quantization,
    device,
    threads,
    loadMs,
  };
}

function withoutText({ text: _, ...figures }: GeneratedText): Omit<GeneratedText, 'text'> {
  return figures;
}

const NO_FIGURES: Omit<GeneratedText, 'text'> = {
  stopReason: 'not-started',
  tokens: 0,
  promptTokens: 0,
  freshTokens: 0,
  forwards: 0,
  meanLogProbability: 0,
  ms: { queued: 0, prefill: 0, draft: 0, verify: 0, total: 0 },
  perStep: [],
};

function describeFigures(generated: GeneratedText, model: LoadedModelInfo): readonly string[] {
  const { ms, tokens, forwards, promptTokens, freshTokens, stopReason } = generated;
  const drafted = generated.perStep.reduce((sum, step) => sum + step.drafted, 0);
  const accepted = generated.perStep.reduce((sum, step) => sum + step.accepted, 0);
  return [
    `${model.id} ${model.quantization} on ${model.device}, ${model.threads} threads, loaded in ${formatMilliseconds(model.loadMs)}`,
    `prompt ${promptTokens} tokens (${freshTokens} new) in ${formatMilliseconds(ms.prefill)}; ` +
      `${tokens} tokens in ${forwards} forwards, ${drafted} drafted and ${accepted} accepted, ` +
      `in ${formatMilliseconds(ms.draft + ms.verify)}; together ${formatMilliseconds(ms.total)} (${stopReason})`,
  ];
}
