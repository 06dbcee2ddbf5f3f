/**
 * A page drawn again and again without losing focus, selection or a half-moved slider: what is wanted is described as plain
 * objects, and only what differs is changed.
 */
export type VirtualNode = VirtualElement | string | undefined;

export interface VirtualElement {
  readonly tag: string;
  readonly attributes: Attributes;
  readonly children: readonly VirtualNode[];
}

export interface Attributes {
  readonly [name: string]: AttributeValue;
  /** 0–1, for the style sheet's `--share`: an inline style is what the content security policy forbids. */
  readonly share?: number;
}

type AttributeValue = string | number | boolean | undefined | ((event: Event) => void);

/** Describes an element. Functions are event handlers by the event's name; `false` and undefined leave an attribute out. */
export function element(tag: string, attributes: Attributes = {}, ...children: readonly VirtualNode[]): VirtualElement {
  return { tag, attributes, children };
}

const HANDLERS = Symbol('handlers');
type Handlers = Record<string, (event: Event) => void>;
type Drawn = Element & { [HANDLERS]?: Handlers };

/** Makes the children of `parent` what the description says. */
export function draw(parent: Element, children: readonly VirtualNode[]): void {
  const wanted = children.filter((child) => child !== undefined);
  wanted.forEach((child, index) => {
    const present = parent.childNodes[index];
    if (typeof child === 'string') {
      drawText(parent, present, child);
    } else if (present instanceof Element && present.localName === child.tag && isSame(present, child)) {
      drawElement(present, child);
    } else {
      const created = document.createElement(child.tag);
      drawElement(created, child);
      replaceOrAppend(parent, present, created);
    }
  });
  while (parent.childNodes.length > wanted.length) {
    parent.lastChild!.remove();
  }
}

/** Elements with different ids are different things, even in the same place. */
function isSame(present: Element, { attributes }: VirtualElement): boolean {
  return present.id === String(attributes.id ?? '');
}

function drawText(parent: Element, present: ChildNode | undefined, text: string): void {
  if (present instanceof Text) {
    if (present.data !== text) {
      present.data = text;
    }
  } else {
    replaceOrAppend(parent, present, document.createTextNode(text));
  }
}

function replaceOrAppend(parent: Element, present: ChildNode | undefined, node: Node): void {
  if (present === undefined) {
    parent.append(node);
  } else {
    present.replaceWith(node);
  }
}

function drawElement(target: Drawn, { attributes, children }: VirtualElement): void {
  const wanted = new Map<string, string>();
  const handlers: Handlers = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      handlers[name] = value;
    } else if (name !== 'share' && value !== undefined && value !== false) {
      wanted.set(name, value === true ? '' : String(value));
    }
  }
  for (const { name } of [...target.attributes]) {
    // `open` is the user's: whether a table is unfolded.
    if (!wanted.has(name) && name !== 'style' && name !== 'open') {
      target.removeAttribute(name);
    }
  }
  for (const [name, value] of wanted) {
    if (target.getAttribute(name) !== value) {
      target.setAttribute(name, value);
    }
  }
  listen(target, handlers);
  if (typeof attributes.share === 'number' && target instanceof HTMLElement) {
    target.style.setProperty('--share', String(attributes.share));
  }
  draw(target, children);
  drawValue(target, attributes);
}

/** What a user has changed no longer follows the attributes; a field that is being used is left alone. */
function drawValue(target: Element, attributes: Attributes): void {
  if (target instanceof HTMLInputElement && target.type !== 'range') {
    target.checked = attributes.checked === true;
  }
  const hasValue =
    target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === 'range');
  const value = String(attributes.value ?? '');
  if (hasValue && target !== document.activeElement && target.value !== value) {
    target.value = value;
  }
}

function listen(target: Drawn, handlers: Handlers): void {
  const known = target[HANDLERS];
  target[HANDLERS] = handlers;
  if (known === undefined) {
    for (const name of Object.keys(handlers)) {
      target.addEventListener(name, (event) => target[HANDLERS]?.[name]?.(event));
    }
  }
}
