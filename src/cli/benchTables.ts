import type { DraftMethod } from '../engine/draft/drafter.ts';
import type { GroupFigures, MethodFigures } from './benchFigures.ts';
import { alignColumns } from './output.ts';

type Methods = Readonly<Partial<Record<DraftMethod, MethodFigures>>>;

/** One line per method. */
export function methodTable(methods: Methods): readonly string[] {
  const head = ['', 'tokens/forward', 'tokens/s', 'speed-up', 'geomean', 'whole', 'identical', 'p50', 'p95'];
  return alignColumns([
    [...head, 'prefill', 'draft', 'verify', 'other'],
    ...Object.entries(methods).map(([method, { share, ...figures }]) => [
      method,
      decimal(figures.tokensPerForward, 2),
      decimal(figures.tokensPerSecond, 1),
      times(figures.speedup.median),
      times(figures.speedup.geomean),
      times(figures.speedupWhole.median),
      percent(figures.identical),
      `${figures.latencyMs.p50.toFixed(0)} ms`,
      `${figures.latencyMs.p95.toFixed(0)} ms`,
      ...[share.prefill, share.draft, share.verify, share.other].map(percent),
    ]),
  ]);
}

/** One line per kind and language; per drafting method the median speed-up and the tokens per forward. */
export function groupTable({ off, ...drafting }: Methods): readonly string[] {
  const entries = Object.entries(drafting);
  const cells = (select: (figures: MethodFigures) => GroupFigures | undefined) =>
    entries.flatMap(([, figures]) => {
      const group = select(figures);
      return [times(group?.speedup.median ?? null), decimal(group?.tokensPerForward ?? null, 2)];
    });
  const { byKind = {}, byLanguage = {} } = off ?? {};
  return alignColumns([
    ['', 'rows', ...entries.flatMap(([method]) => [method, 'tokens/forward'])],
    ...Object.entries(byKind).map(([kind, { rows }]) => [kind, String(rows), ...cells((all) => all.byKind[kind])]),
    ...Object.entries(byLanguage).map(([language, { rows }]) => [
      language,
      String(rows),
      ...cells((all) => all.byLanguage[language]),
    ]),
  ]);
}

/** Expected against observed acceptance, one line per method, source and bin of chances. */
export function calibrationTable(methods: Methods): readonly string[] {
  const rows = Object.entries(methods).flatMap(([method, { calibration }]) =>
    calibration.map(({ source, upTo, tokens, expected, observed }) => [
      method,
      source,
      `to ${upTo.toFixed(1)}`,
      String(tokens),
      percent(expected),
      percent(observed),
    ]),
  );
  return rows.length === 0 ? [] : alignColumns([['', 'source', 'chance', 'drafted', 'expected', 'stood'], ...rows]);
}

function decimal(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}

function times(ratio: number | null): string {
  return ratio === null ? '-' : `${ratio.toFixed(2)}×`;
}

function percent(rate: number | null): string {
  return rate === null ? '-' : `${(100 * rate).toFixed(1)} %`;
}
