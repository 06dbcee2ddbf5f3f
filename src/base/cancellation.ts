/**
 * A request's cancellation, polled between steps. VS Code's and JSON-RPC's cancellation tokens satisfy it as they are.
 */
export interface CancellationSignal {
  readonly isCancellationRequested: boolean;
}

/** Thrown when a signal was seen between two forwards; never crosses a process or reaches a user. */
export class CancelledError extends Error {
  readonly stage: 'queued' | 'prefill' | 'decode';

  constructor(stage: 'queued' | 'prefill' | 'decode') {
    super(`cancelled during ${stage}`);
    this.name = 'CancelledError';
    this.stage = stage;
  }
}

export function throwIfCancelled(signal: CancellationSignal, stage: CancelledError['stage']): void {
  if (signal.isCancellationRequested) {
    throw new CancelledError(stage);
  }
}
