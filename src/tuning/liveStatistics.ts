import type { RequestFigures } from './requestFigures.ts';
import type { PastEvent } from './requestHistory.ts';

/** What the last requests and events show, in plain numbers. Undefined stands for "nothing to take it from". */
export interface LiveStatistics {
  readonly requests: number;
  /** Mean over decode steps; 1 is plain decoding. */
  readonly tokensPerForward: number | undefined;
  /** Decoded tokens over the time from the end of the prefill. */
  readonly tokensPerSecond: number | undefined;
  /** Element i: of the steps that verified a draft of more than i tokens, how many kept more than i. */
  readonly positions: readonly { readonly reached: number; readonly accepted: number }[];
  readonly sources: readonly { readonly source: string; readonly tested: number; readonly accepted: number }[];
  /** Shares of the engine's time, 0–1, in this order; all 0 without requests. */
  readonly timeShares: Readonly<Record<'prefill' | 'draft' | 'verify' | 'other', number>>;
  /** From the keystroke to a new suggestion, the delay included; one that is typed along is there at once and does not count. */
  readonly latency: {
    readonly suggestions: number;
    readonly p50Ms: number | undefined;
    readonly p95Ms: number | undefined;
    readonly bins: readonly LatencyBin[];
  };
  /** Share of prompt tokens that were in the cache, 0–1. */
  readonly cachedShare: number | undefined;
  readonly events: number;
  /** Suggestions kept without asking the model, because what was typed was their beginning. */
  readonly typedAlong: number;
  readonly suggested: number;
  /** Events without a suggestion, by reason, most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly events: number }[];
}

export interface LatencyBin {
  readonly fromMs: number;
  /** Exclusive; the last bin has none. */
  readonly toMs?: number;
  readonly suggestions: number;
}

const BIN_EDGES_MS = [0, 50, 100, 200, 300, 500, 800, 1200, 2000];

export function liveStatistics(requests: readonly RequestFigures[], events: readonly PastEvent[]): LiveStatistics {
  const steps = requests.flatMap((request) => request.steps);
  const written = steps.length + sum(steps.map(({ accepted }) => accepted));
  const decodeMs = sum(requests.map(({ ms }) => ms.total - ms.prefill));
  const latencies = events.filter(({ kind }) => kind === 'suggestion').map(({ totalMs }) => totalMs);
  const promptTokens = sum(requests.map((request) => request.promptTokens));
  const freshTokens = sum(requests.map((request) => request.freshTokens));
  return {
    requests: requests.length,
    tokensPerForward: ratio(written, steps.length),
    tokensPerSecond: ratio(1000 * written, decodeMs),
    positions: positionsOf(steps),
    sources: sourcesOf(requests),
    timeShares: timeShares(requests),
    latency: {
      suggestions: latencies.length,
      p50Ms: quantile(latencies, 0.5),
      p95Ms: quantile(latencies, 0.95),
      bins: binsOf(latencies),
    },
    cachedShare: ratio(promptTokens - freshTokens, promptTokens),
    events: events.length,
    typedAlong: events.filter(({ kind }) => kind === 'continued').length,
    suggested: events.filter(({ kind }) => kind === 'suggestion').length,
    reasons: reasonsOf(events),
  };
}

function positionsOf(steps: RequestFigures['steps']): LiveStatistics['positions'] {
  const deepest = Math.max(0, ...steps.map(({ draftedDepth }) => draftedDepth));
  return Array.from({ length: deepest }, (_, position) => ({
    reached: steps.filter(({ draftedDepth }) => draftedDepth > position).length,
    accepted: steps.filter(({ accepted }) => accepted > position).length,
  }));
}

function sourcesOf(requests: readonly RequestFigures[]): LiveStatistics['sources'] {
  const names = [...new Set(requests.flatMap(({ sources }) => Object.keys(sources)))].sort();
  return names.map((source) => ({
    source,
    tested: sum(requests.map(({ sources }) => sources[source]?.tested ?? 0)),
    accepted: sum(requests.map(({ sources }) => sources[source]?.accepted ?? 0)),
  }));
}

function timeShares(requests: readonly RequestFigures[]): LiveStatistics['timeShares'] {
  const total = sum(requests.map(({ ms }) => ms.total));
  const share = (phase: 'prefill' | 'draft' | 'verify'): number =>
    total === 0 ? 0 : sum(requests.map(({ ms }) => ms[phase])) / total;
  const known = { prefill: share('prefill'), draft: share('draft'), verify: share('verify') };
  const other = total === 0 ? 0 : Math.max(0, 1 - known.prefill - known.draft - known.verify);
  return { ...known, other };
}

function binsOf(values: readonly number[]): readonly LatencyBin[] {
  return BIN_EDGES_MS.map((fromMs, index) => {
    const toMs = BIN_EDGES_MS[index + 1];
    const suggestions = values.filter((value) => value >= fromMs && (toMs === undefined || value < toMs)).length;
    return toMs === undefined ? { fromMs, suggestions } : { fromMs, toMs, suggestions };
  });
}

function reasonsOf(events: readonly PastEvent[]): LiveStatistics['reasons'] {
  const counts = new Map<string, number>();
  for (const { reason } of events) {
    if (reason !== undefined) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  return [...counts]
    .map(([reason, count]) => ({ reason, events: count }))
    .sort((left, right) => right.events - left.events || left.reason.localeCompare(right.reason));
}

/** Nearest rank. */
function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
