import type { AcceptanceMode } from '../../../engine/accept/acceptanceRule.ts';
import { ACCEPTANCE_MODES } from '../../../engine/accept/acceptanceRule.ts';
import type { DraftMethod } from '../../../engine/draft/drafter.ts';
import { DRAFT_METHODS } from '../../../engine/draft/drafter.ts';
import { SETTINGS } from '../../../settings/settings.ts';
import type { PanelState, TrialResult } from '../../panelState.ts';
import type { ChangedText } from '../../replay/variantFigures.ts';
import type { TuningSettings } from '../../tuningSettings.ts';
import { isSameTuning } from '../../tuningSettings.ts';
import { describeTuning, variantColumns } from '../figuresTable.ts';
import { formatFactor, formatNumber } from '../format.ts';
import { drawRun } from '../runState.ts';
import type { DrawSection } from '../sectionParts.ts';
import { button, note, scroller } from '../sectionParts.ts';
import { translate } from '../translate.ts';
import type { VirtualElement, VirtualNode } from '../virtualElement.ts';
import { element } from '../virtualElement.ts';

/** Other settings on the same requests. */
export const drawTrial: DrawSection = (state, send) => {
  const { trial, settings, engine } = state;
  const change = (changes: Partial<TuningSettings>): void => send({ kind: 'set-trial', changes });
  const isRunning = trial.run.kind === 'running';
  const isBlocked = isRunning || state.benchmark.run.kind === 'running' || !engine.isReady || trial.requests === 0;
  return [
    note(
      trial.requests === 0
        ? translate('Type until there is a suggestion: the last requests are replayed with other settings.')
        : translate('Your last requests ({0}) are replayed with these and with the present settings.', trial.requests),
    ),
    element(
      'div',
      { class: 'form' },
      methodField(state, change),
      sizeField(trial.choices, change),
      acceptanceField(trial.choices, change),
      thresholdField(trial.choices, change),
    ),
    element(
      'div',
      { class: 'row' },
      button('trial-start', translate('Try It'), () => send({ kind: 'trial-start' }), {
        isPrimary: true,
        isDisabled: isBlocked,
      }),
      button('trial-cancel', translate('Cancel'), () => send({ kind: 'trial-cancel' }), { isDisabled: !isRunning }),
      button('trial-apply', translate('Write to Settings'), () => send({ kind: 'trial-apply' }), {
        isDisabled: isSameTuning(trial.choices, settings),
      }),
      button('open-settings', translate('Open Settings'), () => send({ kind: 'open-settings' })),
    ),
    drawRun(trial.run, translate('Trial')),
    ...(trial.run.kind === 'done' ? results(trial.run.result, state) : []),
  ];
};

type Change = (changes: Partial<TuningSettings>) => void;

function methodField({ trial, engine }: PanelState, change: Change): VirtualElement {
  return field(
    'trial-method',
    translate('Draft method'),
    element(
      'select',
      {
        id: 'trial-method',
        value: trial.choices.draftMethod,
        change: (event) => change({ draftMethod: (event.target as HTMLSelectElement).value as DraftMethod }),
      },
      ...DRAFT_METHODS.map((method) => {
        const isMissing = engine.isReady && !engine.availableMethods.includes(method);
        return element(
          'option',
          { value: method, selected: method === trial.choices.draftMethod, disabled: isMissing },
          isMissing ? translate('{0} (not in this model)', method) : method,
        );
      }),
    ),
  );
}

function sizeField({ draftMaxTokens, draftTree, draftMethod }: TuningSettings, change: Change): VirtualElement {
  const [low, high] = SETTINGS.draftMaxTokens.range!;
  const isOff = draftMethod === 'off';
  return field(
    'trial-size',
    translate('Draft size'),
    element(
      'span',
      { class: 'slider' },
      element('input', {
        ...{ id: 'trial-size', type: 'range', min: low, max: high, step: '1', value: draftMaxTokens, disabled: isOff },
        'aria-valuetext': translate('{0} tokens', draftMaxTokens),
        input: (event) => change({ draftMaxTokens: Number((event.target as HTMLInputElement).value) }),
      }),
      element('output', { for: 'trial-size' }, formatNumber(draftMaxTokens)),
    ),
    element(
      'label',
      { class: 'check' },
      element('input', {
        ...{ id: 'trial-tree', type: 'checkbox', checked: draftTree, disabled: isOff },
        change: (event) => change({ draftTree: (event.target as HTMLInputElement).checked }),
      }),
      translate('may branch (tree)'),
    ),
  );
}

function acceptanceField({ acceptanceMode }: TuningSettings, change: Change): VirtualElement {
  const names: Readonly<Record<AcceptanceMode, string>> = {
    exact: translate('exact: the text stays the same'),
    typical: translate('typical: accepts more, the text may differ'),
  };
  return element(
    'fieldset',
    { class: 'field' },
    element('legend', {}, translate('Acceptance')),
    ...ACCEPTANCE_MODES.map((mode) =>
      element(
        'label',
        { class: 'check' },
        element('input', {
          ...{ type: 'radio', name: 'acceptance', id: `trial-${mode}`, checked: mode === acceptanceMode },
          change: () => change({ acceptanceMode: mode }),
        }),
        names[mode],
      ),
    ),
  );
}

function thresholdField({ acceptanceMode, acceptanceThreshold }: TuningSettings, change: Change): VirtualElement {
  const [low, high] = SETTINGS.acceptanceThreshold.range!;
  return field(
    'trial-threshold',
    translate('Threshold of typical'),
    element(
      'span',
      { class: 'slider' },
      element('input', {
        ...{ id: 'trial-threshold', type: 'range', min: low, max: high, step: '0.01', value: acceptanceThreshold },
        disabled: acceptanceMode === 'exact',
        'aria-valuetext': formatNumber(acceptanceThreshold, 2),
        input: (event) => change({ acceptanceThreshold: Number((event.target as HTMLInputElement).value) }),
      }),
      element('output', { for: 'trial-threshold' }, formatNumber(acceptanceThreshold, 2)),
    ),
    element('span', { class: 'hint' }, translate('smaller accepts more')),
  );
}

function field(id: string, label: string, ...controls: readonly VirtualNode[]): VirtualElement {
  return element('div', { class: 'field' }, element('label', { for: id }, label), ...controls);
}

function results({ present, tried }: TrialResult, { trial, settings }: PanelState): readonly VirtualNode[] {
  const isCurrent = isSameTuning(tried.variant, trial.choices) && isSameTuning(present.variant, settings);
  return [
    isCurrent
      ? undefined
      : note(translate('Since then something was changed above or in the settings; try again to compare with that.')),
    element(
      'p',
      { class: 'recommendation' },
      translate(
        '{0} the present speed (faster in {1} of {2}). Texts changed: {3} of {4}.',
        ...[formatFactor(tried.speedup), tried.fasterIn, tried.ratios, tried.changed.length, tried.requests],
      ),
    ),
    scroller(
      translate('Result of the trial'),
      variantColumns(translate('Requests: {0}', present.requests), [
        { name: translate('present: {0}', describeTuning(present.variant)), figures: present },
        { name: translate('tried: {0}', describeTuning(tried.variant)), figures: tried },
      ]),
    ),
    changes(tried.changed),
  ];
}

function changes(changed: readonly ChangedText[]): VirtualElement | undefined {
  if (changed.length === 0) {
    return undefined;
  }
  return element(
    'details',
    {},
    element('summary', {}, translate('Changed texts: {0}', changed.length)),
    ...changed.map(({ index, before, after }) =>
      element(
        'div',
        { class: 'change' },
        excerpt(translate('Request {0}, present', index + 1), before),
        excerpt(translate('Request {0}, tried', index + 1), after),
      ),
    ),
  );
}

function excerpt(name: string, text: string): VirtualElement {
  return element(
    'figure',
    {},
    element('figcaption', {}, name),
    element('pre', { class: 'text', tabindex: '0', role: 'region', 'aria-label': name }, text),
  );
}
