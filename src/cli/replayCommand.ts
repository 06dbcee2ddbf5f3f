import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CHARS_PER_TOKEN } from '../pipeline/prompt/chooseBudget.ts';
import type { Feature } from '../pipeline/session/features.ts';
import { FEATURES } from '../pipeline/session/features.ts';
import { SETTINGS } from '../settings/settings.ts';
import { unavailableMethods } from './benchMethods.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure } from './cliError.ts';
import { cliGrammars } from './cliGrammars.ts';
import { createCounter } from './counter.ts';
import type { DraftOptions, MethodOption } from './draftOptions.ts';
import { addDraftOptions, addMethodOption } from './draftOptions.ts';
import type { Engine } from './engineSession.ts';
import { withEngine } from './engineSession.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { decimalNumber, wholeNumber } from './globalOptions.ts';
import { writeJson, writeLines } from './output.ts';
import { machineTime } from './replayClock.ts';
import type { ReplayFigures } from './replayFigures.ts';
import { replayFigures } from './replayFigures.ts';
import type { PlayedTrace, ReplaySettings } from './replayPlayer.ts';
import { playTrace } from './replayPlayer.ts';
import { replayTable } from './replayTable.ts';
import type { Trace } from './replayTrace.ts';
import { readTrace } from './replayTrace.ts';

interface ReplayOptions extends GlobalOptions, DraftOptions, MethodOption {
  readonly trace: readonly string[];
  readonly limitEdits?: number;
  readonly delay: number;
  readonly deadline: number;
  readonly firstText: number;
  readonly quietness: number;
  readonly without: ReadonlySet<Feature>;
  readonly contextTokens?: number;
}

/** `replay`: how the engine keeps up with somebody who types; `replayPlayer.ts` defines how a trace is played. */
export function replayCommand(environment: CliEnvironment): Command {
  const { delayMs, deadlineMs, firstTextMs, quietness } = SETTINGS;
  const command = new Command('replay')
    .description('play recorded keystrokes against the engine as the editor would')
    .requiredOption(
      '--trace <file>',
      'trace, JSON lines, plain or gzip; may be given several times',
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    )
    .option('--limit-edits <count>', 'play only this many edits of each trace', wholeNumber(1))
    .option('--delay <ms>', 'longest wait after a keystroke', wholeNumber(...delayMs.range!), delayMs.default)
    .option(
      '--deadline <ms>',
      'begin no further line after this time, 0 for none',
      wholeNumber(...deadlineMs.range!),
      deadlineMs.default,
    )
    .option(
      '--first-text <ms>',
      'show the beginning of a suggestion after this time, 0 for whole ones only',
      wholeNumber(...firstTextMs.range!),
      firstTextMs.default,
    )
    .option(
      '--quietness <percent>',
      'confidence that a suggestion needs to be shown',
      decimalNumber(...quietness.range!),
      quietness.default,
    )
    .addOption(
      new Option('--without <features>', `for measurements: leave out any of ${FEATURES.join(', ')}`)
        .argParser(parseFeatures)
        .default(new Set())
        .hideHelp(),
    )
    .addOption(
      new Option('--context-tokens <count>', 'for measurements: tokens of other files in a prompt, whatever they cost')
        .argParser(wholeNumber(0, 4096))
        .hideHelp(),
    );
  return addDraftOptions(addMethodOption(command)).action((_own: unknown, command: Command) =>
    replay(environment, command.optsWithGlobals<ReplayOptions>()),
  );
}

function parseFeatures(list: string): ReadonlySet<Feature> {
  const names = list.split(',');
  const unknown = names.find((name) => !FEATURES.includes(name as Feature));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`Expected names of ${FEATURES.join(', ')}, separated by commas.`);
  }
  return new Set(names as readonly Feature[]);
}

async function replay(environment: CliEnvironment, options: ReplayOptions): Promise<void> {
  const traces: Trace[] = [];
  for (const file of options.trace) {
    const trace = await readTrace(file);
    traces.push({ ...trace, edits: trace.edits.slice(0, options.limitEdits) });
  }
  const parsers = cliGrammars(environment);
  const languages = new Set(traces.flatMap(({ files }) => files.map(({ language }) => language)));
  // Before the first keystroke, so that each is played under the same conditions.
  await Promise.all([...languages].map((language) => parsers.load(language)));
  await withEngine(environment, { ...options, measurements: 'fresh' }, async (engine) => {
    const missing = unavailableMethods(engine.model, [options.method])[options.method];
    if (missing !== undefined) {
      throw new CommandFailure(`--method ${options.method} cannot be played: ${missing}`);
    }
    const counter = createCounter(
      'edits',
      traces.reduce((sum, { edits }) => sum + edits.length, 0),
    );
    const played: PlayedTrace[] = [];
    let playedEdits = 0;
    for (const [index, trace] of traces.entries()) {
      const parts = {
        window: `window-${index}`,
        engine: engine.client,
        realTime: machineTime,
        settings: replaySettings(options),
        session: {
          without: options.without,
          parsers,
          ...(options.contextTokens === undefined ? {} : { contextChars: options.contextTokens * CHARS_PER_TOKEN }),
        },
        prefillTokensPerSecond: engine.model.prefillTokensPerSecond,
        onPlayed: () => counter.update(++playedEdits),
      };
      played.push(await playTrace(trace, parts));
    }
    counter.finish();
    report(engine, traces, played, { ...options, cacheBytes: (await engine.client.clearCaches()).freedBytes });
  });
}

function replaySettings(options: ReplayOptions): ReplaySettings {
  return {
    delayMs: options.delay,
    deadlineMs: options.deadline,
    firstTextMs: options.firstText,
    quietness: options.quietness,
    suggestIn: SETTINGS.suggestIn.default,
    maxTokens: options.maxTokens,
    draftMethod: options.method,
    draftMaxTokens: options.draftMaxTokens,
    draftTree: options.draftTree,
    acceptanceMode: options.acceptance,
    acceptanceThreshold: options.threshold,
  };
}

function report(
  { model }: Engine,
  traces: readonly Trace[],
  played: readonly PlayedTrace[],
  options: ReplayOptions & { readonly cacheBytes: number },
): void {
  const all = replayFigures(played);
  const each = traces.map((trace, index) => ({
    trace: trace.name,
    path: trace.files[0]!.path,
    language: trace.files[0]!.language,
    ...replayFigures([played[index]!]),
  }));
  const { id, quantization, device, threads } = model;
  const { delay, deadline, firstText, quietness, method, acceptance, threshold } = options;
  const { draftMaxTokens, draftTree, maxTokens } = options;
  if (options.json) {
    const choices = {
      delayMs: delay,
      deadlineMs: deadline,
      firstTextMs: firstText,
      quietness,
      method,
      acceptance,
      ...(acceptance === 'typical' ? { threshold } : {}),
      draftMaxTokens,
      draftTree,
      maxTokens,
      without: [...options.without],
      ...(options.contextTokens === undefined ? {} : { contextTokens: options.contextTokens }),
    };
    writeJson({
      model: id,
      quantization,
      device,
      threads,
      ...choices,
      ...all,
      cacheBytes: options.cacheBytes,
      traces: each,
    });
    return;
  }
  writeLines([
    `${id} ${quantization} on ${device}, ${threads} threads; ${delay} ms delay at most, beginnings shown after ${firstText} ms, draft method ${method}`,
    ...replayTable(
      each.map((figures) => ({ ...figures, trace: path.basename(figures.trace) })),
      all,
    ),
    ...describeRest(all),
    `caches of documents at the end: ${(options.cacheBytes / 1e6).toFixed(0)} MB`,
  ]);
}

function describeRest(figures: ReplayFigures): readonly string[] {
  const { pipelineMs, notSent, withoutSuggestion, preparedHits, fewFreshShare } = figures;
  const { idleRests, idlePrefills, idlePreparations } = figures;
  const reasons = Object.entries(withoutSuggestion).map(([reason, times]) => `${reason} ${times}`);
  return [
    `p50 and p95: keystroke to the engine's suggestion; ${notSent} keystrokes were followed by the next within the delay`,
    `answered keystrokes that cost 16 prompt tokens or fewer: ${(100 * fewFreshShare).toFixed(1)} %`,
    `the pipeline's own time per keystroke: p50 ${pipelineMs.p50?.toFixed(2)} ms, p95 ${pipelineMs.p95?.toFixed(2)} ms`,
    ...(reasons.length === 0 ? [] : [`answered without a suggestion: ${reasons.join(', ')}`]),
    `suggestions made whole after their beginning: ${describeIdle(idleRests)}`,
    `prefills in idle time, not counted above: ${describeIdle(idlePrefills)}`,
    `suggestions prepared in idle time: ${describeIdle(idlePreparations)}, ${preparedHits} came up`,
  ];
}

function describeIdle({ count, interrupted, freshTokens, ms }: ReplayFigures['idlePrefills']): string {
  const broken = interrupted > 0 ? `, ${interrupted} of them interrupted` : '';
  return `${count}${broken} (${freshTokens} tokens in ${(ms / 1000).toFixed(1)} s)`;
}
