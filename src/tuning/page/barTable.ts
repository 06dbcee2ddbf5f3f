import type { VirtualElement } from './virtualElement.ts';
import { element } from './virtualElement.ts';

export interface BarRow {
  readonly name: string;
  /** 0–1; undefined draws no bar. */
  readonly share: number | undefined;
  readonly values: readonly string[];
  /** Colour class; defaults to the chart's own. */
  readonly tone?: string;
}

/** A table whose rows carry a bar: chart and figures in one, so that a screen reader reads what the eye sees. */
export function barTable(
  caption: string,
  columns: readonly [name: string, ...values: string[]],
  rows: readonly BarRow[],
  kind: 'names' | 'sentences' = 'names',
): VirtualElement {
  const [name, ...values] = columns;
  return element(
    'table',
    { class: `bars ${kind}` },
    element('caption', {}, caption),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('th', { scope: 'col' }, name),
        // Decoration for the eye; the figures stand in the next cells.
        element('td', { class: 'bar-cell', 'aria-hidden': 'true' }),
        ...values.map((value) => element('th', { scope: 'col', class: 'number' }, value)),
      ),
    ),
    element('tbody', {}, ...rows.map(bar)),
  );
}

function bar({ name, share, values, tone = 'plain' }: BarRow): VirtualElement {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    element(
      'td',
      { class: 'bar-cell', 'aria-hidden': 'true' },
      element('span', { class: 'track' }, element('span', { class: `bar ${tone}`, share: share ?? 0 })),
    ),
    ...values.map((value) => element('td', { class: 'number' }, value)),
  );
}
