import type { Translate } from '../../base/translate.ts';
import { untranslated } from '../../base/translate.ts';
import type { LoadedModelInfo, PrepareProgress } from '../protocol.ts';

/** What a person can do about an engine that failed. */
export type WhatToDo = 'look-at-log' | 'start-again';

/** What the engine is doing; every state a user can meet has one literal. */
export type EngineState =
  /** Not wanted yet. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'preparing'; readonly progress?: PrepareProgress }
  /** The model is not on this machine, and nobody allowed its download. */
  | { readonly kind: 'model-missing'; readonly message: string }
  | { readonly kind: 'loading' }
  /** `degraded` says, as a sentence, what runs differently from what was asked for. */
  | { readonly kind: 'ready'; readonly model: LoadedModelInfo; readonly degraded?: string }
  | { readonly kind: 'restarting'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string; readonly whatToDo: WhatToDo };

export interface EngineStateText {
  /** A few words, for a status line. */
  readonly short: string;
  /** A sentence or two, for people who ask. */
  readonly long: string;
  /** Something is under way that will end by itself. */
  readonly isBusy: boolean;
  /** A person is needed. */
  readonly needsAttention: boolean;
}

/**
 * The state in words.
 *
 * What the engine reports itself (why it failed, what differs from what was asked for) stays in English. `translate` defaults
 * to English too.
 */
export function describeEngineState(state: EngineState, translate: Translate = untranslated): EngineStateText {
  switch (state.kind) {
    case 'idle':
      return calm(translate('not started'), translate('The engine starts with the first file that can be completed.'));
    case 'preparing':
      return busy(
        describeProgress(state.progress, translate),
        translate('The model is being prepared on this machine.'),
      );
    case 'model-missing':
      return alarming(translate('no model'), sentence(state.message));
    case 'loading':
      return busy(translate('loading'), translate('The model is being loaded.'));
    case 'ready':
      return state.degraded === undefined
        ? calm(translate('ready'), describeModel(state.model, translate))
        : calm(translate('degraded'), `${describeModel(state.model, translate)} ${sentence(state.degraded)}`);
    case 'restarting':
      return busy(
        translate('restarting'),
        `${sentence(state.reason)} ${translate('The engine starts again by itself.')}`,
      );
    case 'failed':
      return alarming(translate('failed'), `${sentence(state.message)} ${describeRemedy(state.whatToDo, translate)}`);
  }
}

function describeRemedy(whatToDo: WhatToDo, translate: Translate): string {
  switch (whatToDo) {
    case 'look-at-log':
      return translate('Look at the log, then start the engine again from its status bar item.');
    case 'start-again':
      return translate('Then start the engine again from its status bar item.');
  }
}

function describeProgress(progress: PrepareProgress | undefined, translate: Translate): string {
  if (progress === undefined) {
    return translate('preparing');
  }
  const percent = `${Math.floor(100 * progress.fraction)}%`;
  switch (progress.phase) {
    case 'search':
      return translate('looking for the model');
    case 'wait':
      return translate('waiting for another window');
    case 'download':
      return translate('downloading {0}', percent);
    case 'verify':
      return translate('checking {0}', percent);
    case 'build':
      return translate('building {0}', percent);
  }
}

function describeModel({ id, quantization, device, threads, loadMs }: LoadedModelInfo, translate: Translate): string {
  const seconds = (loadMs / 1000).toFixed(1);
  return device === 'cpu'
    ? translate('{0} ({1}) runs on the CPU (threads: {2}); it took {3} s to load.', id, quantization, threads, seconds)
    : translate('{0} ({1}) runs on {2}; it took {3} s to load.', id, quantization, device, seconds);
}

function calm(short: string, long: string): EngineStateText {
  return { short, long, isBusy: false, needsAttention: false };
}

function busy(short: string, long: string): EngineStateText {
  return { short, long, isBusy: true, needsAttention: false };
}

function alarming(short: string, long: string): EngineStateText {
  return { short, long, isBusy: false, needsAttention: true };
}

/** The engine's messages begin in lower case and end without a full stop. */
function sentence(message: string): string {
  const capital = message.slice(0, 1).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
