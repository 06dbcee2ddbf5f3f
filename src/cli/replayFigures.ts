import type { GeneratedText } from '../inference/protocol.ts';
import type { PlayedIdleTask, PlayedKeystroke, PlayedTrace } from './replayPlayer.ts';
import { countSavedCharacters } from './replaySavings.ts';
import { quantile } from './statistics.ts';

interface Quantiles {
  /** Null where there was nothing to measure. */
  readonly p50: number | null;
  readonly p95: number | null;
}

/** What `replay` reports, of one trace or of several together; `replayPlayer.ts` defines when a keystroke counts as what. */
export interface ReplayFigures {
  readonly keystrokes: number;
  /** Keystrokes with a suggestion in time; the share is of all keystrokes, 0–1. */
  readonly served: number;
  readonly servedShare: number;
  /** From the keystroke to the engine's suggestion or its beginning, the delay included; typing along takes no time and is left out. */
  readonly latencyMs: Quantiles;
  /** The pipeline's own time per keystroke, which `latencyMs` does not have in it. */
  readonly pipelineMs: Quantiles;
  /** Prompt tokens that the engine had to compute for an answer, the others came from its cache. */
  readonly freshTokens: Quantiles;
  /** Share of the answered keystrokes, those by typing along included, that cost the engine 16 prompt tokens or fewer; 0–1. */
  readonly fewFreshShare: number;
  /** Answered requests of whose prompt more than half came from the cache. */
  readonly cacheHits: number;
  /** Keystrokes served by typing along what is shown. */
  readonly typeThroughHits: number;
  /** Those among them that were made in idle time and came up for the first time. */
  readonly preparedHits: number;
  /** Requests that were sent to the engine. */
  readonly requests: number;
  /** Those among them that the next edit cancelled. */
  readonly wasted: number;
  /** UTF-16 units of the trace that a suggestion shown before had right, each counted once. */
  readonly charactersSaved: number;
  /** UTF-16 units that the trace inserts. */
  readonly charactersInserted: number;
  /** Keystrokes whose request was never sent because the next edit came within the delay. */
  readonly notSent: number;
  /** Keystrokes without a suggestion that nothing overtook, by their reason. */
  readonly withoutSuggestion: Readonly<Record<string, number>>;
  /**
   * Work while nobody waits: the rest of suggestions whose beginning was shown, reading around the cursor, and suggestions
   * prepared for the place after the shown one.
   */
  readonly idleRests: IdleFigures;
  readonly idlePrefills: IdleFigures;
  readonly idlePreparations: IdleFigures;
}

/** `freshTokens` and `ms` are sums over those that were not interrupted. */
interface IdleFigures {
  readonly count: number;
  readonly interrupted: number;
  readonly freshTokens: number;
  readonly ms: number;
}

export function replayFigures(traces: readonly PlayedTrace[]): ReplayFigures {
  const keystrokes = traces.flatMap((trace) => trace.keystrokes);
  const answers = keystrokes.map(({ answer }) => answer);
  const requests = keystrokes.flatMap(({ request }) => (request === undefined ? [] : [request]));
  const generated = requests.flatMap((request) => (request.generated === undefined ? [] : [request.generated]));
  const typeThroughHits = answers.filter(({ kind }) => kind === 'typed-along').length;
  const latencies = answers.flatMap((answer) => (answer.kind === 'generated' ? [answer.latencyMs] : []));
  const served = typeThroughHits + latencies.length;
  const idleTasks = traces.flatMap((trace) => trace.idleTasks);
  return {
    keystrokes: keystrokes.length,
    served,
    servedShare: share(served, keystrokes.length),
    latencyMs: quantiles(latencies),
    pipelineMs: quantiles(keystrokes.map(({ pipelineMs }) => pipelineMs)),
    freshTokens: quantiles(generated.map(({ freshTokens }) => freshTokens)),
    fewFreshShare: share(typeThroughHits + generated.filter(isCheap).length, typeThroughHits + generated.length),
    cacheHits: generated.filter(isCacheHit).length,
    typeThroughHits,
    preparedHits: answers.filter((answer) => answer.kind === 'typed-along' && answer.isPrepared).length,
    requests: requests.length,
    wasted: requests.filter(({ isOvertaken }) => isOvertaken).length,
    charactersSaved: sum(traces.map((trace) => countSavedCharacters(trace.keystrokes))),
    charactersInserted: sum(keystrokes.map(({ edit }) => edit.inserted.length)),
    notSent: keystrokes.filter(({ answer, request }) => answer.kind === 'overtaken' && request === undefined).length,
    withoutSuggestion: countReasons(keystrokes),
    idleRests: idleFigures(idleTasks.filter(({ kind }) => kind === 'rest')),
    idlePrefills: idleFigures(idleTasks.filter(({ kind }) => kind === 'warm' || kind === 'move')),
    idlePreparations: idleFigures(idleTasks.filter(({ kind }) => kind === 'next')),
  };
}

function idleFigures(tasks: readonly PlayedIdleTask[]): IdleFigures {
  const finished = tasks.flatMap(({ generated }) => (generated === undefined ? [] : [generated]));
  return {
    count: tasks.length,
    interrupted: tasks.length - finished.length,
    freshTokens: sum(finished.map(({ freshTokens }) => freshTokens)),
    ms: sum(finished.map(({ ms }) => ms.total)),
  };
}

const FEW_TOKENS = 16;

function isCheap({ freshTokens }: GeneratedText): boolean {
  return freshTokens <= FEW_TOKENS;
}

function isCacheHit({ freshTokens, promptTokens }: GeneratedText): boolean {
  return freshTokens < promptTokens / 2;
}

function countReasons(keystrokes: readonly PlayedKeystroke[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { answer } of keystrokes) {
    if (answer.kind === 'nothing') {
      counts[answer.reason] = (counts[answer.reason] ?? 0) + 1;
    }
  }
  return counts;
}

function quantiles(values: readonly number[]): Quantiles {
  return values.length === 0 ? { p50: null, p95: null } : { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
