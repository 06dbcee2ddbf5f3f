import type { PanelRequest } from '../panelMessages.ts';
import type { PanelState } from '../panelState.ts';
import type { VirtualElement, VirtualNode } from './virtualElement.ts';
import { element } from './virtualElement.ts';

/** Draws one section of the panel; `send` tells the host what the user does. */
export type DrawSection = (state: PanelState, send: (request: PanelRequest) => void) => readonly VirtualNode[];

export function button(
  id: string,
  label: string,
  click: () => void,
  options: { readonly isPrimary?: boolean; readonly isDisabled?: boolean } = {},
): VirtualElement {
  const { isPrimary = false, isDisabled = false } = options;
  return element(
    'button',
    {
      id,
      type: 'button',
      class: isPrimary ? 'primary' : 'secondary',
      // Not `disabled`, which would throw the focus away when a run begins.
      'aria-disabled': isDisabled ? 'true' : undefined,
      click: () => {
        if (!isDisabled) {
          click();
        }
      },
    },
    label,
  );
}

export function note(...children: readonly VirtualNode[]): VirtualElement {
  return element('p', { class: 'note' }, ...children);
}

/** A place that scrolls sideways, reachable by keyboard. */
export function scroller(label: string, ...children: readonly VirtualNode[]): VirtualElement {
  return element('div', { class: 'scroller', role: 'region', tabindex: '0', 'aria-label': label }, ...children);
}
