/** The tuning panel's page: draws the state that the host sends and reports what the user does. */
import type { PanelRequest, PanelSection } from '../panelMessages.ts';
import { PANEL_SECTIONS, parsePanelUpdate } from '../panelMessages.ts';
import type { PanelState } from '../panelState.ts';
import type { DrawSection } from './sectionParts.ts';
import { drawBenchmark } from './sections/benchmarkSection.ts';
import { drawLive } from './sections/liveSection.ts';
import { drawSuggestion } from './sections/suggestionSection.ts';
import { drawTrial } from './sections/trialSection.ts';
import { setTexts, translate } from './translate.ts';
import type { VirtualElement } from './virtualElement.ts';
import { draw, element } from './virtualElement.ts';

declare function acquireVsCodeApi(): { postMessage(message: PanelRequest): void };

const SECTIONS: Readonly<Record<PanelSection, DrawSection>> = {
  live: drawLive,
  suggestion: drawSuggestion,
  trial: drawTrial,
  benchmark: drawBenchmark,
};

const host = acquireVsCodeApi();
const root = document.getElementById('panel')!;
const send = (request: PanelRequest): void => host.postMessage(request);

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const update = parsePanelUpdate(data);
  switch (update?.kind) {
    case 'texts':
      setTexts(update.texts);
      break;
    case 'state':
      draw(root, [...drawPanel(update.state)]);
      break;
    case 'go-to':
      goTo(update.section);
      break;
  }
});
send({ kind: 'ready' });

function drawPanel(state: PanelState): readonly VirtualElement[] {
  const titles = titlesOfSections();
  return [
    element(
      'header',
      {},
      element('h1', {}, translate('Foretoken tuning')),
      element('p', { class: 'note' }, state.engine.description),
      element(
        'nav',
        { 'aria-label': translate('Sections') },
        ...PANEL_SECTIONS.map((section) =>
          element(
            'a',
            {
              href: `#${section}`,
              click: (event) => {
                event.preventDefault();
                goTo(section);
              },
            },
            titles[section],
          ),
        ),
      ),
    ),
    element(
      'main',
      {},
      ...PANEL_SECTIONS.map((section) =>
        element(
          'section',
          { id: section, 'aria-labelledby': `${section}-title` },
          element('h2', { id: `${section}-title`, tabindex: '-1' }, titles[section]),
          ...SECTIONS[section](state, send),
        ),
      ),
    ),
  ];
}

function titlesOfSections(): Readonly<Record<PanelSection, string>> {
  return {
    live: translate('Live'),
    suggestion: translate('Last suggestion'),
    trial: translate('Try it'),
    benchmark: translate('Benchmark this machine'),
  };
}

function goTo(section: PanelSection): void {
  const title = document.getElementById(`${section}-title`);
  title?.focus({ preventScroll: true });
  title?.scrollIntoView({ block: 'start' });
}
