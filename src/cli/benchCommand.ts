import { Command, Option } from 'commander';
import type { DraftMethod } from '../engine/draft/drafter.ts';
import type { GeneratedText } from '../inference/protocol.ts';
import { chooseExtent } from '../pipeline/prompt/chooseExtent.ts';
import { planPrompt } from '../pipeline/prompt/planPrompt.ts';
import type { MeasuredPosition, MethodFigures } from './benchFigures.ts';
import { benchFigures } from './benchFigures.ts';
import type { Unavailable } from './benchMethods.ts';
import { BENCH_METHODS, parseMethods, unavailableMethods } from './benchMethods.ts';
import { benchOrder } from './benchOrder.ts';
import { calibrationTable, groupTable, methodTable } from './benchTables.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure } from './cliError.ts';
import type { RequestChoices } from './completionRequest.ts';
import { completionRequest } from './completionRequest.ts';
import { createCounter } from './counter.ts';
import type { DraftOptions } from './draftOptions.ts';
import { addDraftOptions } from './draftOptions.ts';
import type { Engine } from './engineSession.ts';
import { withEngine } from './engineSession.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { wholeNumber } from './globalOptions.ts';
import { writeJson, writeLines } from './output.ts';
import { toSnapshot } from './positionSnapshot.ts';
import type { Position } from './positions.ts';
import { readPositions } from './positions.ts';
import { seededShuffle } from './seededShuffle.ts';

/** Ids of differing rows that the tables name; the JSON document has all, with their texts. */
const MAX_NAMED_ROWS = 5;

interface BenchOptions extends GlobalOptions, DraftOptions {
  readonly positions: string;
  readonly methods: readonly DraftMethod[];
  readonly limit?: number;
  readonly seed: number;
  readonly repeats: number;
}

/** `bench`: how fast the draft methods are beside plain decoding; `benchFigures.ts` defines the figures. */
export function benchCommand(environment: CliEnvironment): Command {
  const command = new Command('bench')
    .description('compare the speed and the text of the draft methods, in turn at each position')
    .requiredOption('--positions <file>', 'positions, JSON lines, plain or gzip')
    .addOption(
      new Option('--methods <list>', 'draft methods, with commas between them; off is always measured')
        .argParser(parseMethods)
        .default(BENCH_METHODS, BENCH_METHODS.join(',')),
    )
    .option('--limit <count>', 'take this many rows, chosen by the seed', wholeNumber(1))
    .option('--seed <number>', 'order of the rows', wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--repeats <count>', 'runs of each method at each position; the median counts', wholeNumber(1, 99), 3);
  return addDraftOptions(command).action((_own: unknown, command: Command) =>
    bench(environment, command.optsWithGlobals<BenchOptions>()),
  );
}

async function bench(environment: CliEnvironment, options: BenchOptions): Promise<void> {
  const shuffled = seededShuffle(await readPositions(options.positions), options.seed);
  const positions = shuffled.slice(0, options.limit);
  await withEngine(environment, { ...options, measurements: 'fresh' }, async (engine) => {
    const unavailable = unavailableMethods(engine.model, options.methods);
    const methods = options.methods.filter((method) => !(method in unavailable));
    // The first requests of a process also pay for the runtime's own warm-up. A row that is not measured, if there is one.
    await measurePosition(engine, shuffled.at(-1)!, methods, 0, { ...options, repeats: 1 });
    const counter = createCounter('positions', positions.length);
    const measured: MeasuredPosition[] = [];
    for (const [index, position] of positions.entries()) {
      const row = await measurePosition(engine, position, methods, index, options);
      if (row !== undefined) {
        measured.push(row);
      }
      counter.update(index + 1);
    }
    counter.finish();
    if (measured.length === 0) {
      throw new CommandFailure("no position fits the model's context with its completion; give a smaller --max-tokens");
    }
    const figures = methods.map((method) => [method, benchFigures(measured, method)] as const);
    report(engine, Object.fromEntries(figures), unavailable, positions.length - measured.length, options);
  });
}

/**
 * Prefills a position from an empty cache and completes it with every method from the warm one, as the editor would.
 * Undefined when it does not fit the model's context.
 */
async function measurePosition(
  engine: Engine,
  position: Position,
  methods: readonly DraftMethod[],
  index: number,
  { repeats, ...choices }: BenchOptions,
): Promise<MeasuredPosition | undefined> {
  // The first token comes with the prefill, so a budget of one is the prefill alone.
  const prefilled = await complete(engine, position, { method: 'off', maxTokens: 1, cold: true });
  if (prefilled === undefined) {
    return undefined;
  }
  const runs: Partial<Record<DraftMethod, GeneratedText[]>> = {};
  for (let round = 0; round < repeats; round++) {
    for (const method of benchOrder(methods, index, round)) {
      const run = await complete(engine, position, { ...choices, method });
      if (run === undefined) {
        return undefined;
      }
      runs[method] = [...(runs[method] ?? []), run];
    }
  }
  return { position, coldPrefillMs: prefilled.ms.prefill, runs };
}

/** Undefined when the prompt does not fit the model's context. Throws `CommandFailure`. */
async function complete(
  { client }: Engine,
  position: Position,
  choices: RequestChoices,
): Promise<GeneratedText | undefined> {
  const snapshot = toSnapshot(position);
  const plan = planPrompt(snapshot, undefined);
  const result = await client.complete(completionRequest(snapshot, plan, chooseExtent(snapshot), choices));
  switch (result.kind) {
    case 'generated':
      return result.generated;
    case 'prompt-too-long':
      return undefined;
    case 'failed':
      throw new CommandFailure(`the engine failed on position ${position.id}: ${result.message}`);
    default:
      throw new CommandFailure(`the engine gave up position ${position.id} (${result.kind})`);
  }
}

function report(
  { model }: Engine,
  methods: Readonly<Partial<Record<DraftMethod, MethodFigures>>>,
  unavailable: Unavailable,
  skipped: number,
  options: BenchOptions,
): void {
  const { acceptance, threshold, draftMaxTokens, draftTree, seed, maxTokens, repeats } = options;
  const { rows, withoutDecoding } = methods.off!;
  const { id, quantization, device, threads } = model;
  if (options.json) {
    const choices = {
      acceptance,
      ...(acceptance === 'typical' ? { threshold } : {}),
      draftMaxTokens,
      draftTree,
      seed,
      maxTokens,
      repeats,
    };
    writeJson({ model: id, quantization, device, threads, ...choices, rows, skipped, methods, unavailable });
    return;
  }
  writeLines([
    `${id} ${quantization} on ${device}, ${threads} threads; ${rows} positions, ${acceptance} acceptance` +
      (skipped > 0 ? `; ${skipped} left out, too long for the model's context` : '') +
      (withoutDecoding > 0 ? `; ${withoutDecoding} without a decode step, so without a ratio` : ''),
    ...methodTable(methods),
    ...Object.entries(unavailable).map(([method, reason]) => `${method}: not available, ${reason}`),
    ...(acceptance === 'exact' ? Object.entries(methods).flatMap(describeDiffering) : []),
    ...(Object.keys(methods).length > 1 ? ['', ...groupTable(methods)] : []),
    '',
    ...calibrationTable(methods),
  ]);
}

/** Under exact acceptance a different text wants an explanation, so its rows are named. */
function describeDiffering([method, { differing }]: readonly [string, MethodFigures]): readonly string[] {
  if (differing.length === 0) {
    return [];
  }
  const named = differing.slice(0, MAX_NAMED_ROWS).map(({ id }) => id);
  const rest = differing.length > named.length ? ', …' : '';
  return [`${method}: ${differing.length} texts differ from off (${named.join(', ')}${rest}); --json has them`];
}
