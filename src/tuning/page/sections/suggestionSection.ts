import type { PanelRequest } from '../../panelMessages.ts';
import type { RequestName, SuggestionView } from '../../panelState.ts';
import { formatNumber } from '../format.ts';
import type { DrawSection } from '../sectionParts.ts';
import { button, note } from '../sectionParts.ts';
import { translate } from '../translate.ts';
import type { VirtualElement } from '../virtualElement.ts';
import { element } from '../virtualElement.ts';
import { drawStep } from './draftTree.ts';

type Send = (request: PanelRequest) => void;

/** The draft of each step of a suggestion, as a tree. */
export const drawSuggestion: DrawSection = ({ suggestion, requests }, send) => {
  if (suggestion === undefined) {
    return [note(translate('The next suggestion appears here, with every token that was drafted for it.'))];
  }
  const step = suggestion.steps[suggestion.step];
  return [
    element(
      'div',
      { class: 'row' },
      element('label', { for: 'request' }, translate('Request')),
      chooser(suggestion, requests, send),
    ),
    text(suggestion, send),
    legend(suggestion),
    stepper(suggestion, send),
    ...(step === undefined ? [] : drawStep(suggestion, step)),
  ];
};

function chooser({ request }: SuggestionView, requests: readonly RequestName[], send: Send): VirtualElement {
  return element(
    'select',
    {
      id: 'request',
      value: request.number,
      change: (event) => send({ kind: 'show-request', number: Number((event.target as HTMLSelectElement).value) }),
    },
    ...requests.map(({ number, time, document, line }) =>
      element('option', { value: number, selected: number === request.number }, `${time}  ${document}:${line}`),
    ),
  );
}

/** A written token and where it belongs. */
interface ShownToken {
  readonly text: string;
  readonly origin: string;
  readonly step: number;
  /** Written after the end that a stop rule found. */
  readonly isCut: boolean;
}

function shownTokens({ steps, typedChars, textChars }: SuggestionView): readonly ShownToken[] {
  let at = 0;
  return steps.flatMap(({ tokens }, step) =>
    tokens.map(({ text, origin }) => {
      const isCut = at >= typedChars + textChars;
      at += text.length;
      return { text, origin, step, isCut };
    }),
  );
}

/** The whole text, token by token; a click goes to the step that wrote it (the slider does so by keyboard). */
function text(view: SuggestionView, send: Send): VirtualElement {
  return element(
    'pre',
    {
      class: 'text',
      tabindex: '0',
      'aria-label': translate('Text of the suggestion'),
      role: 'region',
      click: (event) => {
        const step = (event.target as HTMLElement).dataset.step;
        if (step !== undefined) {
          send({ kind: 'show-step', step: Number(step) });
        }
      },
    },
    ...shownTokens(view).map(({ text: token, origin, step, isCut }) => {
      const classes = ['token', origin, step === view.step ? 'current' : '', isCut ? 'cut' : ''].filter(Boolean);
      return element('span', { class: classes.join(' '), 'data-step': step }, token);
    }),
  );
}

function legend(view: SuggestionView): VirtualElement {
  const tokens = shownTokens(view);
  const origins = [...new Set(tokens.map(({ origin }) => origin))];
  const cut = tokens.filter(({ isCut }) => isCut).length;
  return element(
    'ul',
    { class: 'legend', 'aria-label': translate('Who wrote the tokens') },
    ...origins.map((origin) =>
      element(
        'li',
        {},
        element('span', { class: `swatch ${origin}`, 'aria-hidden': 'true' }),
        `${originName(origin)}: ${formatNumber(tokens.filter((token) => token.origin === origin).length)}`,
      ),
    ),
    cut === 0 ? undefined : element('li', {}, translate('after the end, not shown: {0}', cut)),
  );
}

function originName(origin: string): string {
  switch (origin) {
    case 'model':
      return translate('model');
    case 'healed':
      return translate('half-typed word');
    default:
      return origin;
  }
}

function stepper({ steps, step }: SuggestionView, send: Send): VirtualElement {
  const go = (to: number): void => send({ kind: 'show-step', step: to });
  const last = Math.max(0, steps.length - 1);
  return element(
    'div',
    { class: 'row stepper' },
    button('previous-step', translate('Previous step'), () => go(step - 1), { isDisabled: step === 0 }),
    element('input', {
      id: 'step',
      type: 'range',
      min: '0',
      max: last,
      value: step,
      'aria-label': translate('Step'),
      'aria-valuetext': translate('Step {0} of {1}', step + 1, last + 1),
      input: (event) => go(Number((event.target as HTMLInputElement).value)),
    }),
    button('next-step', translate('Next step'), () => go(step + 1), { isDisabled: step >= last }),
    element('span', { role: 'status' }, translate('Step {0} of {1}', step + 1, last + 1)),
  );
}
