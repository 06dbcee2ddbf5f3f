import { alignColumns, formatMilliseconds } from './output.ts';
import type { ReplayFigures } from './replayFigures.ts';

const HEADING = [
  'trace',
  'keystrokes',
  'served',
  'typed along',
  'p50',
  'p95',
  'requests',
  'wasted',
  'cache hits',
  'fresh tokens',
  'saved',
];

/** One line per trace and, for several, one for all of them. */
export function replayTable(
  traces: readonly (ReplayFigures & { readonly trace: string })[],
  all: ReplayFigures,
): readonly string[] {
  const rows = traces.map((figures) => cells(figures.trace, figures));
  return alignColumns([HEADING, ...rows, ...(traces.length > 1 ? [cells('all', all)] : [])]);
}

function cells(name: string, figures: ReplayFigures): readonly string[] {
  const { keystrokes, latencyMs, requests, freshTokens, charactersSaved, charactersInserted } = figures;
  return [
    name,
    String(keystrokes),
    share(figures.served, keystrokes),
    share(figures.typeThroughHits, keystrokes),
    milliseconds(latencyMs.p50),
    milliseconds(latencyMs.p95),
    String(requests),
    share(figures.wasted, requests),
    share(figures.cacheHits, requests - figures.wasted),
    freshTokens.p50 === null ? '-' : freshTokens.p50.toFixed(0),
    share(charactersSaved, charactersInserted),
  ];
}

function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}

function milliseconds(ms: number | null): string {
  return ms === null ? '-' : formatMilliseconds(ms);
}
