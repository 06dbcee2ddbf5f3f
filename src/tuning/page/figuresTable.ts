import type { VariantFigures } from '../replay/variantFigures.ts';
import type { TuningSettings } from '../tuningSettings.ts';
import { formatFactor, formatMilliseconds, formatNumber, formatPercent, ratio } from './format.ts';
import { translate } from './translate.ts';
import type { VirtualElement } from './virtualElement.ts';
import { element } from './virtualElement.ts';

/** What is measured of a variant: a name and its value in words. */
interface Measure {
  readonly name: string;
  readonly describe: (figures: VariantFigures) => string;
}

function measures(): readonly Measure[] {
  return [
    { name: translate('Speed'), describe: ({ speedup }) => formatFactor(speedup) },
    { name: translate('Tokens per second'), describe: ({ tokensPerSecond }) => formatNumber(tokensPerSecond) },
    { name: translate('Tokens per forward'), describe: ({ tokensPerForward }) => formatNumber(tokensPerForward, 2) },
    { name: translate('Time per suggestion'), describe: ({ medianMs }) => formatMilliseconds(medianMs) },
    {
      name: translate('Drafted tokens accepted'),
      describe: ({ tested, accepted }) =>
        `${formatPercent(ratio(accepted, tested))} (${formatNumber(accepted)}/${formatNumber(tested)})`,
    },
    {
      name: translate('Texts changed'),
      describe: ({ changed, requests }) => `${formatNumber(changed.length)}/${formatNumber(requests)}`,
    },
  ];
}

/** Variants side by side: one column each, one row per measure. */
export function variantColumns(
  caption: string,
  columns: readonly { readonly name: string; readonly figures: VariantFigures }[],
): VirtualElement {
  return table(
    caption,
    ['', ...columns.map(({ name }) => name)],
    measures().map(({ name, describe }) => [name, ...columns.map(({ figures }) => describe(figures))]),
  );
}

/** Variants below each other: one row each, one column per measure; the best of them is marked. */
export function variantRows(
  caption: string,
  rows: readonly { readonly name: string; readonly figures: VariantFigures; readonly isMarked: boolean }[],
): VirtualElement {
  return table(
    caption,
    [translate('Method'), ...measures().map(({ name }) => name)],
    rows.map(({ name, figures }) => [name, ...measures().map(({ describe }) => describe(figures))]),
    rows.findIndex(({ isMarked }) => isMarked),
  );
}

/** What differs between methods is told by the columns; this tells the rest of a variant. */
export function describeAcceptance({ acceptanceMode, acceptanceThreshold }: TuningSettings): string {
  return acceptanceMode === 'exact' ? acceptanceMode : `${acceptanceMode} ${acceptanceThreshold}`;
}

export function describeTuning(settings: TuningSettings): string {
  const { draftMethod, draftMaxTokens, draftTree } = settings;
  const acceptance = describeAcceptance(settings);
  const drafts = draftTree ? translate('up to {0}, tree', draftMaxTokens) : translate('up to {0}', draftMaxTokens);
  return draftMethod === 'off' ? draftMethod : `${draftMethod}, ${drafts}, ${acceptance}`;
}

function table(
  caption: string,
  [corner, ...columns]: readonly string[],
  rows: readonly (readonly string[])[],
  markedRow = -1,
): VirtualElement {
  return element(
    'table',
    { class: 'figures' },
    element('caption', {}, caption),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        corner === '' ? element('td') : element('th', { scope: 'col' }, corner),
        ...columns.map((name) => element('th', { scope: 'col', class: 'number' }, name)),
      ),
    ),
    element(
      'tbody',
      {},
      ...rows.map(([name, ...values], index) =>
        element(
          'tr',
          { class: index === markedRow ? 'marked' : undefined },
          element('th', { scope: 'row' }, name),
          ...values.map((value) => element('td', { class: 'number' }, value)),
        ),
      ),
    ),
  );
}
