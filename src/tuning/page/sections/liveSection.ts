import type { NoSuggestionReason } from '../../../pipeline/postprocess/suggestion.ts';
import { describeReason } from '../../../pipeline/postprocess/suggestion.ts';
import type { LatencyBin, LiveStatistics } from '../../liveStatistics.ts';
import { barTable } from '../barTable.ts';
import { formatMegabytes, formatMilliseconds, formatNumber, formatPercent, ratio } from '../format.ts';
import type { DrawSection } from '../sectionParts.ts';
import { note } from '../sectionParts.ts';
import { translate } from '../translate.ts';
import type { VirtualElement } from '../virtualElement.ts';
import { element } from '../virtualElement.ts';

/** What the last requests and keystrokes show. */
export const drawLive: DrawSection = ({ engine, live }) => [
  element(
    'dl',
    { class: 'tiles' },
    ...tile(translate('Tokens per forward'), formatNumber(live.tokensPerForward, 2), translate('1 is plain decoding')),
    ...tile(
      translate('Keystroke to suggestion'),
      formatMilliseconds(live.latency.p50Ms),
      translate('95 of 100 within {0}', formatMilliseconds(live.latency.p95Ms)),
    ),
    ...tile(translate('Tokens per second'), formatNumber(live.tokensPerSecond), translate('after the prompt is read')),
    ...tile(
      translate('Prompt from the cache'),
      formatPercent(live.cachedShare),
      translate('requests: {0}', formatNumber(live.requests)),
    ),
    ...tile(
      translate('Typed along'),
      formatNumber(live.typedAlong),
      translate('suggestions kept without asking the model'),
    ),
    ...tile(
      translate('Memory of the engine'),
      formatMegabytes(engine.residentBytes),
      engine.device === undefined
        ? translate('not loaded')
        : translate('on {0}, threads: {1}', engine.device, engine.threads ?? 0),
    ),
  ),
  ...(live.events === 0 ? [note(translate('Type in a file: the figures come from what you type.'))] : charts(live)),
];

function charts(live: LiveStatistics): readonly VirtualElement[] {
  return [
    element(
      'div',
      { class: 'charts' },
      element('div', { class: 'chart' }, positions(live), sources(live)),
      element('div', { class: 'chart' }, times(live)),
      element('div', { class: 'chart' }, latency(live)),
      element('div', { class: 'chart' }, outcomes(live)),
    ),
  ];
}

/** A name and a figure of a definition list, with a few words on the figure. */
function tile(name: string, value: string, detail: string): readonly VirtualElement[] {
  return [
    element(
      'div',
      { class: 'tile' },
      element('dt', {}, name),
      element('dd', { class: 'figure' }, value),
      element('dd', { class: 'detail' }, detail),
    ),
  ];
}

function positions({ positions: all }: LiveStatistics): VirtualElement {
  if (all.length === 0) {
    return element(
      'div',
      {},
      element('h3', {}, translate('Accepted by draft position')),
      note(translate('No draft was verified yet.')),
    );
  }
  return barTable(
    translate('Accepted by draft position'),
    [translate('Position'), translate('Accepted'), translate('Drafts')],
    all.map(({ reached, accepted }, index) => ({
      name: formatNumber(index + 1),
      share: ratio(accepted, reached),
      values: [formatPercent(ratio(accepted, reached)), formatNumber(reached)],
      tone: 'accepted',
    })),
  );
}

function sources({ sources: all }: LiveStatistics): VirtualElement | undefined {
  return all.length === 0
    ? undefined
    : barTable(
        translate('Accepted by source'),
        [translate('Source'), translate('Accepted'), translate('Tokens')],
        all.map(({ source, tested, accepted }) => ({
          name: source,
          share: ratio(accepted, tested),
          values: [formatPercent(ratio(accepted, tested)), formatNumber(tested)],
          tone: source,
        })),
      );
}

function times({ timeShares }: LiveStatistics): VirtualElement {
  const names = {
    prefill: translate('Reading the prompt'),
    draft: translate('Drafting'),
    verify: translate('Verifying and writing'),
    other: translate('Other'),
  };
  const phases = Object.entries(timeShares) as [keyof typeof names, number][];
  return element(
    'div',
    {},
    barTable(
      translate('Where the engine’s time goes'),
      [translate('Phase'), translate('Share')],
      phases.map(([phase, share]) => ({
        name: names[phase],
        share,
        values: [formatPercent(share)],
        tone: phase,
      })),
    ),
    element(
      'div',
      { class: 'stack', 'aria-hidden': 'true' },
      ...phases.map(([phase, share]) => element('span', { class: `bar ${phase}`, share })),
    ),
  );
}

function latency({ latency: { bins, suggestions } }: LiveStatistics): VirtualElement {
  const most = Math.max(1, ...bins.map((bin) => bin.suggestions));
  return barTable(
    translate('From keystroke to suggestion'),
    [translate('Milliseconds'), translate('Suggestions'), translate('Share')],
    bins.map((bin) => ({
      name: rangeOf(bin),
      share: bin.suggestions / most,
      values: [formatNumber(bin.suggestions), formatPercent(ratio(bin.suggestions, suggestions))],
    })),
  );
}

function rangeOf({ fromMs, toMs }: LatencyBin): string {
  return toMs === undefined
    ? translate('{0} and more', formatNumber(fromMs))
    : `${formatNumber(fromMs)}–${formatNumber(toMs)}`;
}

function outcomes({ events, suggested, typedAlong, reasons }: LiveStatistics): VirtualElement {
  const rows = [
    { name: translate('Suggested'), count: suggested, tone: 'accepted' },
    { name: translate('Typed along'), count: typedAlong, tone: 'lookup' },
    ...reasons.map(({ reason, events: count }) => ({
      name: describeReason(reason as NoSuggestionReason),
      count,
      tone: 'other',
    })),
  ];
  return barTable(
    translate('What came of keystrokes'),
    [translate('Outcome'), translate('Events'), translate('Share')],
    rows.map(({ name, count, tone }) => ({
      name,
      share: ratio(count, events),
      values: [formatNumber(count), formatPercent(ratio(count, events))],
      tone,
    })),
    'sentences',
  );
}
