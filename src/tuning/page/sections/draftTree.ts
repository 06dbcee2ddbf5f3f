import type { TracedNode, TracedStep } from '../../../inference/protocol.ts';
import type { SuggestionView } from '../../panelState.ts';
import { formatMilliseconds, formatNumber, formatPercent, visibleToken } from '../format.ts';
import { scroller } from '../sectionParts.ts';
import { translate } from '../translate.ts';
import type { VirtualElement, VirtualNode } from '../virtualElement.ts';
import { element } from '../virtualElement.ts';

/** One step: what happened in a sentence, the draft as a tree, and the same as a table. */
export function drawStep(view: SuggestionView, step: TracedStep): readonly VirtualNode[] {
  return [
    element('p', { class: 'sentence' }, describeStep(view, step)),
    step.nodes.length === 0 ? undefined : treeLegend(),
    scroller(
      translate('Draft tree'),
      element(
        'ul',
        { class: 'tree' },
        element('li', {}, node('root', lastKnownToken(view), [translate('written before')]), branches(step, -1)),
      ),
    ),
    step.nodes.length === 0 ? undefined : nodeTable(step),
  ];
}

function treeLegend(): VirtualElement {
  const states = [
    ['accepted', translate('accepted')],
    ['rejected', translate('rejected')],
    ['unverified', translate('not verified')],
    ['corrected', translate('the model’s own token')],
  ] as const;
  return element(
    'ul',
    { class: 'legend', 'aria-label': translate('Marks of the tree') },
    ...states.map(([state, name]) =>
      element('li', {}, element('span', { class: `sample ${state}`, 'aria-hidden': 'true' }), name),
    ),
  );
}

function describeStep({ step: index, method }: SuggestionView, step: TracedStep): string {
  const times = translate(
    'Drafting {0}, forward {1}.',
    formatMilliseconds(step.draftMs),
    formatMilliseconds(step.forwardMs),
  );
  if (index === 0) {
    return translate('The prompt was read in {0}; the first token comes with it.', formatMilliseconds(step.forwardMs));
  }
  const verified = step.nodes.filter(({ isVerified }) => isVerified).length;
  const accepted = step.nodes.filter(({ isAccepted }) => isAccepted).length;
  if (step.nodes.length === 0) {
    return `${translate('Nothing was drafted (method {0}).', method)} ${times}`;
  }
  const sentence = translate(
    '{0} drafted, {1} verified in one forward, {2} accepted, then one token of the model’s own.',
    step.nodes.length,
    verified,
    accepted,
  );
  return `${sentence} ${times}`;
}

function lastKnownToken({ steps, step }: SuggestionView): string {
  const before = steps.slice(0, step).flatMap(({ tokens }) => tokens);
  return before.at(-1)?.text ?? '';
}

/** The children of a node, accepted first, and after the last accepted one the token that the model wrote instead. */
function branches(step: TracedStep, parent: number): VirtualElement | undefined {
  const children = [...step.nodes.keys()]
    .filter((index) => step.nodes[index]!.parent === parent)
    .sort((left, right) => rank(step.nodes[left]!) - rank(step.nodes[right]!) || left - right);
  const own = step.nodes.findLastIndex(({ isAccepted }) => isAccepted) === parent ? [ownToken(step, children)] : [];
  if (children.length + own.length === 0) {
    return undefined;
  }
  return element(
    'ul',
    {},
    ...own,
    ...children.map((index) => {
      const drafted = step.nodes[index]!;
      return element(
        'li',
        {},
        node(`${stateOf(drafted)} ${drafted.source}`, drafted.text, [
          `${drafted.source} ${formatPercent(drafted.chance)}`,
          drafted.probability === undefined ? '' : translate('model {0}', formatPercent(drafted.probability)),
        ]),
        branches(step, index),
      );
    }),
  );
}

function ownToken(step: TracedStep, children: readonly number[]): VirtualElement {
  const isCorrection = children.some((index) => step.nodes[index]!.isVerified);
  const written = step.isEnd ? undefined : step.tokens.at(-1);
  return element(
    'li',
    {},
    node(isCorrection ? 'own corrected' : 'own', written?.text ?? '', [
      isCorrection ? translate('corrected') : translate('model’s own'),
      written === undefined ? '' : translate('model {0}', formatPercent(written.probability)),
    ]),
  );
}

function rank({ isAccepted, isVerified }: TracedNode): number {
  return isAccepted ? 0 : isVerified ? 1 : 2;
}

function stateOf({ isAccepted, isVerified }: TracedNode): 'accepted' | 'rejected' | 'unverified' {
  return isAccepted ? 'accepted' : isVerified ? 'rejected' : 'unverified';
}

function node(classes: string, token: string, lines: readonly string[]): VirtualElement {
  return element(
    'div',
    { class: `node ${classes}` },
    element('code', {}, token === '' ? translate('(end)') : visibleToken(token)),
    ...lines.filter(Boolean).map((line) => element('span', { class: 'facts' }, line)),
  );
}

function nodeTable({ nodes }: TracedStep): VirtualElement {
  const outcomes = {
    accepted: translate('accepted'),
    rejected: translate('rejected'),
    unverified: translate('not verified'),
  };
  return element(
    'details',
    {},
    element('summary', {}, translate('The drafted tokens as a table')),
    element(
      'table',
      { class: 'figures' },
      element('caption', { class: 'hidden' }, translate('The drafted tokens of this step')),
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...[
            translate('No.'),
            translate('Token'),
            translate('After'),
            translate('Source'),
            translate('Estimate'),
            translate('Model'),
            translate('Outcome'),
          ].map((name) => element('th', { scope: 'col' }, name)),
        ),
      ),
      element(
        'tbody',
        {},
        ...nodes.map((drafted, index) =>
          element(
            'tr',
            { class: stateOf(drafted) },
            element('td', { class: 'number' }, formatNumber(index + 1)),
            element('th', { scope: 'row' }, element('code', {}, visibleToken(drafted.text) || translate('(end)'))),
            element('td', { class: 'number' }, drafted.parent === -1 ? '–' : formatNumber(drafted.parent + 1)),
            element('td', {}, drafted.source),
            element('td', { class: 'number' }, formatPercent(drafted.chance)),
            element('td', { class: 'number' }, formatPercent(drafted.probability)),
            element('td', {}, outcomes[stateOf(drafted)]),
          ),
        ),
      ),
    ),
  );
}
