import type { CompletionParameters, CompletionResult } from '../../inference/protocol.ts';
import type { SuggestionEvent } from './suggestionSession.ts';

/** Time without a keystroke or a move of the cursor after which the cursor rests. */
export const CURSOR_REST_MS = 300;

/** Something the engine can do while nobody waits for it. */
export interface IdleTask {
  /**
   * `rest`: the whole of a suggestion whose beginning is shown. `next`: the suggestion that follows the shown one. `warm`: only
   * reading, so that the first keystroke costs itself.
   * `move`: reading a better window, to take the place of the present one.
   */
  readonly kind: 'rest' | 'next' | 'warm' | 'move';
  /** The place it is for. */
  readonly event: SuggestionEvent;
  readonly request: CompletionParameters;
}

export interface IdleWorkParts {
  /** The most useful task of the moment; undefined when there is none, or when a request is with the engine. */
  readonly nextTask: () => IdleTask | undefined;
  /** `result` never rejects. */
  readonly send: (request: CompletionParameters) => { readonly result: Promise<CompletionResult>; cancel(): void };
  readonly onResult: (task: IdleTask, result: CompletionResult) => void;
}

/** Keeps the engine at useful work while nobody waits for it: one task after the other, until `stop` or nothing is left. */
export class IdleWork {
  private readonly parts: IdleWorkParts;
  private current: { readonly task: IdleTask; readonly cancel: () => void } | undefined;

  constructor(parts: IdleWorkParts) {
    this.parts = parts;
  }

  /** Looks for the best task and goes on until none is left; one that is under way and still the best goes on. */
  run(): void {
    const task = this.parts.nextTask();
    if (task === undefined || (this.current !== undefined && isSameWork(this.current.task, task))) {
      return;
    }
    this.stop();
    const { result, cancel } = this.parts.send(task.request);
    const current = { task, cancel };
    this.current = current;
    void result.then((answer) => {
      this.parts.onResult(task, answer);
      if (this.current === current) {
        this.current = undefined;
        if (answer.kind === 'generated') {
          this.run();
        }
      }
    });
  }

  /** Ends what is under way; called before every request. */
  stop(): void {
    this.current?.cancel();
    this.current = undefined;
  }
}

function isSameWork(left: IdleTask, right: IdleTask): boolean {
  const [one, other] = [left.event.snapshot, right.event.snapshot];
  return (
    left.kind === right.kind &&
    one.documentId === other.documentId &&
    one.offset === other.offset &&
    one.text === other.text
  );
}
