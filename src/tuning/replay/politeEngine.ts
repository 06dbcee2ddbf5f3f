import type { CompletionParameters, CompletionResult } from '../../inference/protocol.ts';

/** A completion under way. */
export interface RunningCompletion {
  readonly answer: Promise<CompletionResult>;
  cancel(): void;
}

export interface PoliteEngineParts {
  readonly start: (parameters: CompletionParameters) => RunningCompletion;
  /** Calls `action` once after the delay, until the returned function is called. */
  readonly after: (delayMs: number, action: () => void) => () => void;
}

/** Quiet time after the user's last keystroke before an experiment goes on: longer than a pause inside a word. */
const QUIET_MS = 1000;

/**
 * An engine for experiments, which gives way to the person who types: a run that is interrupted is cancelled and done again
 * from the start when all is quiet, so that neither the typing nor the figures suffer.
 */
export class PoliteEngine {
  private readonly parts: PoliteEngineParts;
  private running: RunningCompletion | undefined;
  private isInterrupted = false;
  private isStopped = false;
  private cancelQuiet: (() => void) | undefined;
  private waiting: (() => void) | undefined;

  constructor(parts: PoliteEngineParts) {
    this.parts = parts;
  }

  /** The user typed, or the user's request is under way. */
  interrupt(): void {
    this.cancelQuiet?.();
    this.isInterrupted = true;
    this.running?.cancel();
    this.cancelQuiet = this.parts.after(QUIET_MS, () => {
      this.cancelQuiet = undefined;
      this.wake();
    });
  }

  /** Every completion from here on, the one under way included, is answered as cancelled. */
  stop(): void {
    this.isStopped = true;
    this.running?.cancel();
    this.cancelQuiet?.();
    this.cancelQuiet = undefined;
    this.wake();
  }

  async complete(parameters: CompletionParameters): Promise<CompletionResult> {
    for (;;) {
      if (this.cancelQuiet !== undefined && !this.isStopped) {
        await new Promise<void>((resolve) => {
          this.waiting = resolve;
        });
      }
      if (this.isStopped) {
        return { kind: 'cancelled', stage: 'queued' };
      }
      this.isInterrupted = false;
      this.running = this.parts.start(parameters);
      const result = await this.running.answer;
      this.running = undefined;
      if (this.isStopped || !this.isInterrupted) {
        return result;
      }
    }
  }

  private wake(): void {
    this.waiting?.();
    this.waiting = undefined;
  }
}
