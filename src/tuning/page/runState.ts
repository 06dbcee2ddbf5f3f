import type { RunState } from '../panelState.ts';
import { formatPercent } from './format.ts';
import { note } from './sectionParts.ts';
import { translate } from './translate.ts';
import type { VirtualElement } from './virtualElement.ts';
import { element } from './virtualElement.ts';

/** How a run goes, announced to screen readers when it begins and ends. */
export function drawRun(run: RunState<unknown>, name: string): VirtualElement {
  return element(
    'div',
    { class: 'run' },
    run.kind === 'running'
      ? element('progress', { max: '1', value: run.share, 'aria-label': name }, formatPercent(run.share))
      : undefined,
    element('div', { role: 'status' }, note(sentence(run))),
  );
}

function sentence(run: RunState<unknown>): string {
  switch (run.kind) {
    case 'idle':
      return '';
    case 'running':
      return translate('Running; your typing comes first.');
    case 'done':
      return translate('Done.');
    case 'cancelled':
      return translate('Cancelled.');
    case 'failed':
      return translate('It failed: {0}', run.message);
  }
}
