import type { FileHandle } from 'node:fs/promises';
import { open, realpath } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { describeSystemError } from '../base/describeSystemError.ts';
import type { Grammars } from '../grammars/grammars.ts';
import type { GeneratedText, Prompt } from '../inference/protocol.ts';
import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import { promptContext } from '../pipeline/context/promptContext.ts';
import { SimilarTexts } from '../pipeline/context/similarTexts.ts';
import { cleanCompletion } from '../pipeline/postprocess/cleanCompletion.ts';
import { confidenceOf } from '../pipeline/postprocess/judgeConfidence.ts';
import type { Suggestion } from '../pipeline/postprocess/suggestion.ts';
import { budgetOfTokens, CHARS_PER_TOKEN } from '../pipeline/prompt/chooseBudget.ts';
import type { Extent } from '../pipeline/prompt/chooseExtent.ts';
import { chooseExtent } from '../pipeline/prompt/chooseExtent.ts';
import type { PromptPlan } from '../pipeline/prompt/planPrompt.ts';
import { DEFAULT_PROMPT_BUDGET, planPlainPrompt, planPrompt, TYPING_ANCHOR } from '../pipeline/prompt/planPrompt.ts';
import type { SourceParser } from '../pipeline/syntax/sourceParser.ts';
import { SETTINGS } from '../settings/settings.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure, UsageError } from './cliError.ts';
import { cliGrammars } from './cliGrammars.ts';
import { completionRequest } from './completionRequest.ts';
import { createCounter } from './counter.ts';
import type { Engine } from './engineSession.ts';
import { withEngine } from './engineSession.ts';
import type { EvalSummary, PositionScore } from './evalMetrics.ts';
import { scoreCompletion, summarize, summarizeByQuietness } from './evalMetrics.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { wholeNumber } from './globalOptions.ts';
import { alignColumns, formatMilliseconds, writeJson, writeLines } from './output.ts';
import { toSnapshot } from './positionSnapshot.ts';
import type { Position } from './positions.ts';
import { readPositions } from './positions.ts';
import { seededShuffle } from './seededShuffle.ts';
import { mean, quantile } from './statistics.ts';

const LAYOUTS = ['anchored', 'plain'] as const;
const CONTEXTS = ['none', 'files'] as const;
/** Of the positions file's other files; the product's budget depends on the device. */
const CONTEXT_TOKENS = 512;

interface EvalOptions extends GlobalOptions {
  readonly positions: string;
  readonly limit?: number;
  readonly seed: number;
  readonly outputs?: string;
  readonly raw: boolean;
  readonly layout: (typeof LAYOUTS)[number];
  readonly heal: boolean;
  readonly syntax: boolean;
  readonly anchorLines: number;
  readonly windowTokens?: number;
  readonly context: (typeof CONTEXTS)[number];
  readonly contextTokens: number;
  readonly maxTokens: number;
}

interface EvaluatedRow {
  readonly position: Position;
  readonly text: string;
  readonly generated: GeneratedText | undefined;
  /** By the model's own account (`confidenceOf`). */
  readonly confidence?: number | undefined;
  readonly score: PositionScore;
}

/** `eval`: how good the completions are, over places whose text is known; `evalMetrics.ts` defines the figures. */
export function evalCommand(environment: CliEnvironment): Command {
  const { maxTokens } = SETTINGS;
  return new Command('eval')
    .description('compare completions with the text that stood at known places')
    .requiredOption('--positions <file>', 'positions, JSON lines, plain or gzip')
    .option('--limit <count>', 'take this many rows, chosen by the seed', wholeNumber(1))
    .option('--seed <number>', 'order of a limited run', wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--outputs <file>', 'write {id, text, confidence} of every row, JSON lines')
    .option('--raw', 'the model alone: no context, no stop rules, no cleaning', false)
    .addOption(new Option('--layout <layout>', 'prompt layout').choices(LAYOUTS).default('anchored'))
    .option(
      '--anchor-lines <count>',
      "lines between the anchor and the cursor's line",
      wholeNumber(0, 1000),
      TYPING_ANCHOR.newLines,
    )
    .option(
      '--window-tokens <count>',
      "tokens of the file around the cursor, about; the product's own without",
      wholeNumber(16, 16_384),
    )
    .addOption(
      new Option('--context <context>', "what the model sees of a position's other files")
        .choices(CONTEXTS)
        .default('none'),
    )
    .option('--context-tokens <count>', 'tokens of other files, at most, about', wholeNumber(1, 16_384), CONTEXT_TOKENS)
    .option('--no-heal', 'go on from inside the last word instead of generating it again')
    .option('--no-syntax', 'do not check suggestions with the grammars')
    .option('--max-tokens <count>', 'most tokens per completion', wholeNumber(...maxTokens.range!), maxTokens.default)
    .action((_own: unknown, command: Command) => evaluate(environment, command.optsWithGlobals<EvalOptions>()));
}

async function evaluate(environment: CliEnvironment, options: EvalOptions): Promise<void> {
  const all = await readPositions(options.positions);
  const positions = options.limit === undefined ? all : seededShuffle(all, options.seed).slice(0, options.limit);
  const outputs = options.outputs === undefined ? undefined : await openOutputs(options.outputs, options.positions);
  try {
    const grammars = options.syntax ? cliGrammars(environment) : undefined;
    await withEngine(environment, { ...options, measurements: 'fresh' }, async (engine) => {
      const counter = createCounter('positions', positions.length);
      const rows: EvaluatedRow[] = [];
      for (const position of positions) {
        const row = await evaluatePosition(engine, position, options, grammars);
        rows.push(row);
        await outputs?.write(`${JSON.stringify({ id: position.id, text: row.text, confidence: row.confidence })}\n`);
        counter.update(rows.length);
      }
      counter.finish();
      report(engine, rows, options);
    });
  } finally {
    await outputs?.close();
  }
}

/** Opened before the model is loaded, so that a wrong path costs no run, and never over the input. */
async function openOutputs(outputsPath: string, positionsPath: string): Promise<FileHandle> {
  try {
    const handle = await open(outputsPath, 'a');
    if ((await realpath(outputsPath)) === (await realpath(positionsPath))) {
      await handle.close();
      throw new UsageError('--outputs names the positions file; choose another file');
    }
    await handle.truncate(0);
    return handle;
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`${outputsPath} cannot be written: ${describeSystemError(error)}`);
  }
}

/** Completes one row from an empty cache. */
async function evaluatePosition(
  engine: Engine,
  position: Position,
  options: EvalOptions,
  grammars: Grammars | undefined,
): Promise<EvaluatedRow> {
  const snapshot = toSnapshot(position);
  const plan = planFor(snapshot, options);
  const { maxTokens, heal } = options;
  const choices = { maxTokens, heal, stopRules: !options.raw, cold: true };
  const request = completionRequest(snapshot, plan, extentOf(position, snapshot), choices);
  const context = options.context === 'none' ? undefined : contextOf(position, snapshot, options.contextTokens);
  const prompt = context === undefined ? request.prompt : { ...request.prompt, context };
  const result = await engine.client.complete({ ...request, prompt });
  switch (result.kind) {
    case 'generated': {
      const parser = await grammars?.load(snapshot.languageId);
      const text = options.raw ? result.generated.text : cleanedText(result.generated, snapshot, parser);
      const confidence = confidenceOf(result.generated);
      const score = scoreCompletion(text, position, result.generated.stopReason === 'stop-token');
      return { position, text, generated: result.generated, confidence, score };
    }
    case 'prompt-too-long':
      return { position, text: '', generated: undefined, score: scoreCompletion('', position, false) };
    case 'failed':
      throw new CommandFailure(`the engine failed on position ${position.id}: ${result.message}`);
    default:
      throw new CommandFailure(`the engine gave up position ${position.id} (${result.kind})`);
  }
}

function contextOf({ files = [] }: Position, snapshot: DocumentSnapshot, tokens: number): Prompt['context'] {
  const others = files.map(({ path, text }) => ({ path, readStart: (chars: number) => text.slice(0, chars) }));
  return promptContext(snapshot, others, {
    index: new SimilarTexts(files.length),
    budgetChars: tokens * CHARS_PER_TOKEN,
  });
}

function planFor(snapshot: DocumentSnapshot, { layout, anchorLines, windowTokens }: EvalOptions): PromptPlan {
  const budget = windowTokens === undefined ? DEFAULT_PROMPT_BUDGET : budgetOfTokens(windowTokens);
  const anchors = { ...TYPING_ANCHOR, newLines: anchorLines, searchLines: anchorLines };
  return layout === 'plain' ? planPlainPrompt(snapshot, budget) : planPrompt(snapshot, undefined, budget, anchors);
}

/** The kind says how far the middle reaches; kinds this version does not know are left to the product's own rule. */
function extentOf(position: Position, snapshot: DocumentSnapshot): Extent {
  switch (position.kind) {
    case 'mid_line':
    case 'line':
      return 'single-line';
    case 'block':
      return 'block';
    default:
      return chooseExtent(snapshot);
  }
}

function cleanedText(generated: GeneratedText, snapshot: DocumentSnapshot, parser: SourceParser | undefined): string {
  const outcome = cleanCompletion(generated, snapshot, parser);
  return outcome.kind === 'suggestion' ? insertedText(outcome, snapshot) : '';
}

/** The suggestion as an insertion: what it covers after the cursor and writes again is left out. */
function insertedText({ text, replaceChars }: Suggestion, { text: file, offset }: DocumentSnapshot): string {
  const after = file.slice(offset);
  const completed = text.replaceAll('\r\n', '\n') + after.slice(replaceChars);
  return replaceChars > 0 && completed.endsWith(after) ? completed.slice(0, completed.length - after.length) : text;
}

function report({ model }: Engine, rows: readonly EvaluatedRow[], options: EvalOptions): void {
  const summary = summarize(rows);
  const generated = rows.flatMap((row) => (row.generated === undefined ? [] : [row.generated]));
  const totalMs = generated.map(({ ms }) => ms.total);
  const document = {
    model: model.id,
    quantization: model.quantization,
    device: model.device,
    threads: model.threads,
    layout: options.layout,
    ...(options.layout === 'plain' ? {} : { anchorLines: options.anchorLines }),
    ...(options.windowTokens === undefined ? {} : { windowTokens: options.windowTokens }),
    heal: options.heal,
    syntax: options.syntax,
    raw: options.raw,
    ...(options.context === 'none'
      ? {}
      : { context: options.context, contextTokens: options.contextTokens, rowsWithFiles: countRowsWithFiles(rows) }),
    ...summary,
    byQuietness: summarizeByQuietness(rows),
    withoutText: rows.filter(({ text }) => text === '').length,
    meanTokens: mean(generated.map(({ tokens }) => tokens)),
    meanPromptTokens: mean(generated.map(({ promptTokens }) => promptTokens)),
    meanMs: mean(totalMs),
    latencyMs: { p50: quantile(totalMs, 0.5), p95: quantile(totalMs, 0.95) },
    meanMsPrefill: mean(generated.map(({ ms }) => ms.prefill)),
  };
  if (options.json) {
    writeJson(document);
    return;
  }
  const groups: readonly (readonly [string, EvalSummary])[] = [
    ['all', summary],
    ...Object.entries(summary.byKind),
    ...Object.entries(summary.byLanguage),
  ];
  writeLines([
    `${model.id} ${model.quantization} on ${model.device}, ${options.layout} layout${options.raw ? ', model alone' : ''}`,
    ...alignColumns([
      ['', 'rows', 'first line exact', 'whole exact', 'edit similarity', 'ended', 'too early', 'repeats the suffix'],
      ...groups.map(([name, group]) => [
        name,
        String(group.rows),
        percent(group.exactFirstLine),
        percent(group.exactWhole),
        group.editSimilarity.toFixed(3),
        percent(group.ended),
        percent(group.endedTooEarly),
        percent(group.repeatsSuffix),
      ]),
    ]),
    ...document.byQuietness.map(
      ({ quietness, shown, exactFirstLine }) =>
        `quietness ${quietness}: ${percent(shown)} shown, ${percent(exactFirstLine)} of them with an exact first line`,
    ),
    `cold completion: ${formatMilliseconds(document.latencyMs.p50)} in the median, ${formatMilliseconds(document.latencyMs.p95)} at the 95th percentile`,
  ]);
}

function countRowsWithFiles(rows: readonly EvaluatedRow[]): number {
  return rows.filter(({ position }) => (position.files ?? []).length > 0).length;
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)} %`;
}
