import type { Translate } from '../../base/translate.ts';
import type { DraftMethod } from '../../engine/draft/drafter.ts';
import type { EngineState } from '../../inference/client/engineState.ts';
import { describeEngineState } from '../../inference/client/engineState.ts';
import { MAX_DOCUMENT_CHARS } from '../../pipeline/gate/refuseEvent.ts';
import type { NoSuggestionReason } from '../../pipeline/postprocess/suggestion.ts';
import { describeDuration } from './snooze.ts';

/** What the one line is made of. */
export interface StatusFacts {
  readonly engine: EngineState;
  readonly isThinking: boolean;
  readonly isEnabled: boolean;
  /** Of the active editor, where suggestions are turned off for it. */
  readonly disabledLanguageId: string | undefined;
  /** Why nothing is ever suggested in the active editor, where that is so. */
  readonly refusal: NoSuggestionReason | undefined;
  /** Time until suggestions come again by themselves; 0 when they are not snoozed. */
  readonly snoozedMs: number;
  readonly trigger: 'automatic' | 'manual';
  readonly draftMethod: DraftMethod;
  /** The workspace is one that the user has not said to trust. */
  readonly isRestricted: boolean;
}

export interface Status {
  /** A codicon's name. */
  readonly icon: string;
  /** A few words; empty when all is well. */
  readonly label: string;
  /** The same as a sentence or two. */
  readonly sentence: string;
}

/** The facts in words, most urgent first, for the item and for the menu's first line. */
export function describeStatus(facts: StatusFacts, translate: Translate): Status {
  const { engine } = facts;
  if (!facts.isEnabled) {
    return { icon: 'circle-slash', label: translate('off'), sentence: translate('Suggestions are turned off.') };
  }
  if (facts.disabledLanguageId !== undefined) {
    return {
      icon: 'circle-slash',
      label: translate('off for {0}', facts.disabledLanguageId),
      sentence: translate('Suggestions are turned off for {0}.', facts.disabledLanguageId),
    };
  }
  const { short, long, isBusy, needsAttention } = describeEngineState(engine, translate);
  if (needsAttention) {
    return { icon: engine.kind === 'model-missing' ? 'cloud-download' : 'error', label: short, sentence: long };
  }
  if (facts.snoozedMs > 0) {
    const remaining = describeDuration(facts.snoozedMs, translate);
    return {
      icon: 'bell-slash',
      label: translate('snoozed {0}', remaining),
      sentence: translate('No suggestions while you type, for another {0}. Suggest Here still answers.', remaining),
    };
  }
  if (isBusy) {
    return { icon: 'sync~spin', label: short, sentence: long };
  }
  if (facts.refusal !== undefined) {
    const sentence = describeRefusal(facts.refusal, translate);
    return { icon: 'circle-slash', label: translate('off here'), sentence };
  }
  if (facts.isThinking) {
    return { icon: 'loading~spin', label: '', sentence: long };
  }
  if (engine.kind === 'ready' && engine.degraded !== undefined) {
    return { icon: 'warning', label: short, sentence: long };
  }
  const sentences = [
    long,
    ...(canDraft(engine, facts.draftMethod)
      ? []
      : [translate('It has no draft heads for the method {0}, so nothing is drafted.', facts.draftMethod)]),
    ...(facts.trigger === 'manual' ? [translate('Suggestions come on request only.')] : []),
    ...(facts.isRestricted
      ? [translate('This workspace is not trusted: what runs, and in which files, is not taken from its settings.')]
      : []),
  ];
  return { icon: 'sparkle', label: '', sentence: sentences.join(' ') };
}

/** Whether the loaded model can draft by this method; true while none is loaded. */
export function canDraft(engine: EngineState, method: DraftMethod): boolean {
  return engine.kind !== 'ready' || engine.model.availableMethods.includes(method);
}

function describeRefusal(reason: NoSuggestionReason, translate: Translate): string {
  switch (reason) {
    case 'document-too-large':
      return translate(
        'Nothing is suggested here: the file has more than {0} million characters.',
        MAX_DOCUMENT_CHARS / 1e6,
      );
    case 'read-only':
      return translate('Nothing is suggested here: the file cannot be written.');
    case 'excluded':
      return translate('Nothing is suggested here: the setting foretoken.exclude leaves this file out.');
    case 'not-included':
      return translate('Nothing is suggested here: the setting foretoken.include does not name this file.');
    default:
      return translate('Nothing is suggested here: this view is not one to write code in.');
  }
}

/** What a screen reader says: the state in a word, then the sentence, which says it all before the engine was started. */
export function spokenStatus(
  { label, sentence }: Status,
  { engine, isThinking }: Pick<StatusFacts, 'engine' | 'isThinking'>,
  translate: Translate,
): string {
  if (label === '' && engine.kind === 'idle') {
    return `Foretoken. ${sentence}`;
  }
  const word = label !== '' ? label : isThinking ? translate('thinking') : translate('ready');
  return `Foretoken: ${word}. ${sentence}`;
}
