import type { Translate } from '../../base/translate.ts';
import type { DraftMethod } from '../../engine/draft/drafter.ts';
import type { LoadedModelInfo } from '../../inference/protocol.ts';
import type { Choice } from './choice.ts';

/** In the order of how often they are wanted. */
const ORDER: readonly DraftMethod[] = ['auto', 'lookup', 'medusa', 'mtp', 'off'];

/** The draft methods; `model` is the one that is loaded, which says what it can run. */
export function draftMethodChoices(
  current: DraftMethod,
  model: LoadedModelInfo | undefined,
  translate: Translate,
): readonly Choice<DraftMethod>[] {
  return ORDER.map((method) => ({
    value: method,
    label: method,
    description:
      model === undefined || model.availableMethods.includes(method)
        ? ''
        : translate('not available: {0} has no such draft heads', model.id),
    detail: describeMethod(method, translate),
    isCurrent: method === current,
  }));
}

function describeMethod(method: DraftMethod, translate: Translate): string {
  switch (method) {
    case 'auto':
      return translate('Combines copying and draft heads as far as measuring shows that it pays');
    case 'lookup':
      return translate('Copies what followed similar text in this file, other open files or earlier suggestions');
    case 'medusa':
      return translate('Guesses several tokens at once with small heads on the model');
    case 'mtp':
      return translate('Guesses one token after the other with a small module of its own');
    case 'off':
      return translate('No drafts: one token at a time');
  }
}
