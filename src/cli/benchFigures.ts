/**
 * The figures of a benchmark of draft methods, from its measured completions.
 *
 * How it is measured. Each position is prefilled once from an empty cache, which gives its cold prefill time. Then every
 * method completes it several times from that warm cache, in rounds in which every method runs once (`benchOrder`). So a
 * run is decoding alone: the last prompt token, which is always computed again, is the known token of its first step. Of a method's runs at a position, the one
 * with the median decode time stands for all of them in every figure, except where it says "every run".
 * No run's text may be drafted from later (`remember` in the protocol), or the methods would copy their own answers.
 *
 * What the figures mean:
 * - *Decode time* of a run is all of it but its prefill, if it had one: drafting, verifying, and what goes on around them, such as
 *   tokenising the prompt and preparing the drafter for it. These last two cannot be told apart here; leaving them in lowers every
 *   speed-up a little and hides no cost of a method.
 * - *Decoded tokens* are those that decode steps wrote: all, but for one that came with a prefill, and with the stop token that ended
 *   the text, for which a forward was paid too. Plain decoding thus has exactly 1 token per forward.
 * - `speedup`: per position, milliseconds per decoded token of `off` over those of the method; median and geometric mean
 *   over positions. Where the texts are the same this is the ratio of the decode times.
 * - `speedupWhole`: the same for a request that finds nothing cached: cold prefill + decode time over cold prefill + the
 *   method's decode time for as many tokens as `off` wrote.
 * - `withoutDecoding`: positions where `off` or the method needed no decode step. They count for `identical` and the
 *   latencies, and have no ratio.
 * - `identical`: share of positions where every run of the method wrote the text of the first run of `off`.
 * - `latencyMs`: a whole run, that is a request at the next keystroke; `latencyWholeMs`: cold prefill + decode time.
 * - `share`: parts of the time of the runs, together 1.
 * - `acceptedByPosition[i]`: of the steps that drafted more than `i` tokens (`draftedByPosition[i]` of them), the share
 *   that accepted more than `i`. Of a tree, which drafts several tokens for one place, it is a lower bound.
 * - `acceptedBySource`: accepted tokens by where they came from.
 * - `calibration`: drafted tokens whose parent stood, by source and expected chance: how often they stood themselves.
 * - `tokensPerForwardByRound`: every run; a method that learns, or copies what it wrote before, shows it by rising here.
 *
 * A rate or ratio over nothing is null.
 */
import type { DraftMethod } from '../engine/draft/drafter.ts';
import type { DraftSource } from '../engine/draft/draftTree.ts';
import { DRAFT_SOURCES } from '../engine/draft/draftTree.ts';
import type { GeneratedText } from '../inference/protocol.ts';
import type { Position } from './positions.ts';
import { geometricMean, quantile } from './statistics.ts';

export interface MeasuredPosition {
  readonly position: Pick<Position, 'id' | 'language' | 'kind'>;
  readonly coldPrefillMs: number;
  /** Warm runs of each method in the order of the rounds; those of `off` are always there. */
  readonly runs: Readonly<Partial<Record<DraftMethod, readonly GeneratedText[]>>>;
}

export interface GroupFigures {
  readonly rows: number;
  readonly withoutDecoding: number;
  readonly tokensPerForward: number | null;
  readonly tokensPerSecond: number | null;
  readonly speedup: Centre;
  readonly speedupWhole: Centre;
  readonly identical: number | null;
  readonly latencyMs: Spread;
  readonly latencyWholeMs: Spread;
  readonly share: Readonly<Record<'prefill' | 'draft' | 'verify' | 'other', number | null>>;
}

export interface MethodFigures extends GroupFigures {
  readonly drafted: number;
  readonly accepted: number;
  readonly draftedByPosition: readonly number[];
  readonly acceptedByPosition: readonly number[];
  readonly acceptedBySource: Readonly<Partial<Record<DraftSource, number>>>;
  readonly calibration: readonly CalibrationBin[];
  readonly tokensPerForwardByRound: readonly (number | null)[];
  /** Positions whose text is not that of `off`, with both texts. */
  readonly differing: readonly { readonly id: string; readonly off: string; readonly text: string }[];
  readonly byLanguage: Readonly<Record<string, GroupFigures>>;
  readonly byKind: Readonly<Record<string, GroupFigures>>;
}

export interface CalibrationBin {
  readonly source: DraftSource;
  /** Largest chance in the bin. */
  readonly upTo: number;
  readonly tokens: number;
  /** Mean chance, and share that stood. */
  readonly expected: number;
  readonly observed: number;
}

export interface Centre {
  readonly median: number | null;
  readonly geomean: number | null;
}

export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

/** One method at one position, beside `off`. */
interface Row {
  readonly position: MeasuredPosition['position'];
  readonly runs: readonly GeneratedText[];
  readonly run: GeneratedText;
  readonly decode: DecodeCost;
  readonly off: DecodeCost;
  readonly offText: string;
  /** The first text that is not that of `off`. */
  readonly differingText: string | undefined;
  readonly coldPrefillMs: number;
}

interface DecodeCost {
  readonly ms: number;
  readonly tokens: number;
}

/** Figures of one method over the positions, overall and per language and kind in alphabetical order. */
export function benchFigures(measured: readonly MeasuredPosition[], method: DraftMethod): MethodFigures {
  const rows = measured.map((position) => toRow(position, method));
  const steps = rows.flatMap(({ run }) => run.perStep);
  const nodes = steps.flatMap((step) => step.nodes);
  const longestDraft = steps.reduce((most, { drafted }) => Math.max(most, drafted), 0);
  const draftedByPosition = Array.from(
    { length: longestDraft },
    (_, index) => steps.filter(({ drafted }) => drafted > index).length,
  );
  const rounds = Math.max(0, ...rows.map(({ runs }) => runs.length));
  return {
    ...groupFigures(rows),
    drafted: sum(steps.map(({ drafted }) => drafted)),
    accepted: sum(steps.map(({ accepted }) => accepted)),
    draftedByPosition,
    acceptedByPosition: draftedByPosition.map(
      (count, index) => steps.filter(({ accepted }) => accepted > index).length / count,
    ),
    acceptedBySource: countSources(nodes.filter(({ isAccepted }) => isAccepted).map(({ source }) => source)),
    calibration: calibrate(steps),
    tokensPerForwardByRound: Array.from({ length: rounds }, (_, round) =>
      tokensPerForward(rows.flatMap(({ runs }) => runs[round] ?? [])),
    ),
    differing: rows.flatMap(({ position, offText, differingText }) =>
      differingText === undefined ? [] : [{ id: position.id, off: offText, text: differingText }],
    ),
    byLanguage: groupBy(rows, ({ position }) => position.language),
    byKind: groupBy(rows, ({ position }) => position.kind),
  };
}

function toRow({ position, coldPrefillMs, runs }: MeasuredPosition, method: DraftMethod): Row {
  const own = runs[method]!;
  const run = medianRun(own);
  const offText = runs.off![0]!.text;
  return {
    position,
    runs: own,
    run,
    decode: decodeCost(run),
    off: decodeCost(medianRun(runs.off!)),
    offText,
    differingText: own.find(({ text }) => text !== offText)?.text,
    coldPrefillMs,
  };
}

/** The run in the middle by decode time, the faster of two middle ones. */
function medianRun(runs: readonly GeneratedText[]): GeneratedText {
  const sorted = [...runs].sort((left, right) => decodeMs(left) - decodeMs(right));
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

function decodeMs({ ms }: GeneratedText): number {
  return ms.total - ms.prefill;
}

function decodeCost(run: GeneratedText): DecodeCost {
  return { ms: decodeMs(run), tokens: decodedTokens(run) };
}

function decodedTokens({ tokens, stopReason, forwards, perStep }: GeneratedText): number {
  const fromPrefill = forwards > perStep.length ? 1 : 0;
  return perStep.length === 0 ? 0 : tokens - fromPrefill + (stopReason === 'stop-token' ? 1 : 0);
}

function groupFigures(rows: readonly Row[]): GroupFigures {
  const compared = rows.filter(({ decode, off }) => decode.tokens > 0 && off.tokens > 0);
  const decoding = rows.filter(({ decode }) => decode.tokens > 0);
  const totalMs = sum(rows.map(({ run }) => run.ms.total));
  const share = (part: (ms: GeneratedText['ms']) => number) => over(sum(rows.map(({ run }) => part(run.ms))), totalMs);
  return {
    rows: rows.length,
    withoutDecoding: rows.length - compared.length,
    tokensPerForward: tokensPerForward(rows.map(({ run }) => run)),
    tokensPerSecond: over(
      1000 * sum(decoding.map(({ decode }) => decode.tokens)),
      sum(decoding.map(({ decode }) => decode.ms)),
    ),
    speedup: centre(compared.map(({ off, decode }) => off.ms / off.tokens / (decode.ms / decode.tokens))),
    speedupWhole: centre(
      compared.map(
        ({ off, decode, coldPrefillMs }) =>
          (coldPrefillMs + off.ms) / (coldPrefillMs + (decode.ms / decode.tokens) * off.tokens),
      ),
    ),
    identical: over(rows.filter(({ differingText }) => differingText === undefined).length, rows.length),
    latencyMs: spread(rows.map(({ run }) => run.ms.total)),
    latencyWholeMs: spread(rows.map(({ coldPrefillMs, decode }) => coldPrefillMs + decode.ms)),
    share: {
      prefill: share((ms) => ms.prefill),
      draft: share((ms) => ms.draft),
      verify: share((ms) => ms.verify),
      other: share((ms) => ms.total - ms.prefill - ms.draft - ms.verify),
    },
  };
}

function groupBy(rows: readonly Row[], keyOf: (row: Row) => string): Readonly<Record<string, GroupFigures>> {
  const keys = [...new Set(rows.map(keyOf))].sort();
  return Object.fromEntries(keys.map((key) => [key, groupFigures(rows.filter((row) => keyOf(row) === key))]));
}

function tokensPerForward(runs: readonly GeneratedText[]): number | null {
  return over(sum(runs.map(decodedTokens)), sum(runs.map(({ perStep }) => perStep.length)));
}

/** Upper bounds of the bins of expected chances. */
const CHANCE_BINS = [0.2, 0.4, 0.6, 0.8, 1] as const;

/** Expected against observed acceptance; bins without a drafted token are left out. */
function calibrate(steps: GeneratedText['perStep']): readonly CalibrationBin[] {
  const tested = steps.flatMap(({ nodes }) => nodes.filter(({ parent }) => parent === -1 || nodes[parent]!.isAccepted));
  return DRAFT_SOURCES.flatMap((source) =>
    CHANCE_BINS.flatMap((upTo, index) => {
      const above = CHANCE_BINS[index - 1] ?? 0;
      const bin = tested.filter((node) => node.source === source && node.chance > above && node.chance <= upTo);
      if (bin.length === 0) {
        return [];
      }
      const expected = sum(bin.map(({ chance }) => chance)) / bin.length;
      return [
        {
          source,
          upTo,
          tokens: bin.length,
          expected,
          observed: bin.filter((node) => node.isAccepted).length / bin.length,
        },
      ];
    }),
  );
}

function countSources(sources: readonly DraftSource[]): Readonly<Partial<Record<DraftSource, number>>> {
  const counts: Partial<Record<DraftSource, number>> = {};
  for (const source of sources) {
    counts[source] = (counts[source] ?? 0) + 1;
  }
  return counts;
}

function centre(ratios: readonly number[]): Centre {
  return ratios.length === 0
    ? { median: null, geomean: null }
    : { median: quantile(ratios, 0.5), geomean: geometricMean(ratios) };
}

function spread(values: readonly number[]): Spread {
  return { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
}

function over(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
