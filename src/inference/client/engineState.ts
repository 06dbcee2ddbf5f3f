import type { LoadedModelInfo, PrepareProgress } from '../protocol.ts';

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
  | { readonly kind: 'failed'; readonly message: string; readonly whatToDo: string };

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

/** The state in words. */
export function describeEngineState(state: EngineState): EngineStateText {
  switch (state.kind) {
    case 'idle':
      return calm('not started', 'The engine starts with the first file that can be completed.');
    case 'preparing':
      return busy(describeProgress(state.progress), 'The model is being prepared on this machine.');
    case 'model-missing':
      return alarming('no model', sentence(state.message));
    case 'loading':
      return busy('loading', 'The model is being loaded.');
    case 'ready':
      return state.degraded === undefined
        ? calm('ready', describeModel(state.model))
        : calm('ready, degraded', `${describeModel(state.model)} ${sentence(state.degraded)}`);
    case 'restarting':
      return busy('restarting', `${sentence(state.reason)} The engine starts again by itself.`);
    case 'failed':
      return alarming('failed', `${sentence(state.message)} ${state.whatToDo}`);
  }
}

function describeProgress(progress: PrepareProgress | undefined): string {
  if (progress === undefined) {
    return 'preparing';
  }
  const percent = `${Math.floor(100 * progress.fraction)}%`;
  switch (progress.phase) {
    case 'search':
      return 'looking for the model';
    case 'wait':
      return 'waiting for another window';
    case 'download':
      return `downloading ${percent}`;
    case 'verify':
      return `checking ${percent}`;
    case 'build':
      return `building ${percent}`;
  }
}

function describeModel(model: LoadedModelInfo): string {
  const threads = model.device === 'cpu' ? `, ${model.threads} thread${model.threads === 1 ? '' : 's'}` : '';
  return `${model.id} (${model.quantization}) runs on ${model.device}${threads}; it took ${(model.loadMs / 1000).toFixed(1)} s to load.`;
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
