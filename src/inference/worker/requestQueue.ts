/** Why a queued or running job was stopped. */
export type StopCause = 'superseded' | 'cancelled';

/** A job's hold on its own fate; polled by the engine between two forwards through the shared flag. */
export interface Job {
  readonly documentId: string;
  readonly cancelFlag: SharedArrayBuffer;
  stopCause: StopCause | undefined;
}

interface QueuedJob<T> extends Job {
  readonly run: (job: Job) => Promise<T>;
  readonly dropped: (cause: StopCause) => T;
  readonly settle: (value: T | Promise<T>) => void;
  isRunning: boolean;
}

/**
 * One job at a time, and per document only the newest: an older one of the same document is answered at once if it waits,
 * or flagged if it runs.
 */
export class RequestQueue<T> {
  private readonly jobs: QueuedJob<T>[] = [];

  /** `dropped` makes the answer of a job that never ran. */
  submit(
    documentId: string,
    run: (job: Job) => Promise<T>,
    dropped: (cause: StopCause) => T,
  ): { readonly answer: Promise<T>; cancel(): void } {
    for (const older of this.jobs.filter((job) => job.documentId === documentId)) {
      this.stop(older, 'superseded');
    }
    let resolve!: (value: T | Promise<T>) => void;
    const promise = new Promise<T>((settle) => {
      resolve = settle;
    });
    const job: QueuedJob<T> = {
      documentId,
      run,
      dropped,
      settle: resolve,
      cancelFlag: new SharedArrayBuffer(4),
      stopCause: undefined,
      isRunning: false,
    };
    this.jobs.push(job);
    this.startNext();
    return { answer: promise, cancel: () => this.stop(job, 'cancelled') };
  }

  stopAll(): void {
    for (const job of [...this.jobs]) {
      this.stop(job, 'cancelled');
    }
  }

  private stop(job: QueuedJob<T>, cause: StopCause): void {
    if (!this.jobs.includes(job) || job.stopCause !== undefined) {
      return;
    }
    job.stopCause = cause;
    Atomics.store(new Int32Array(job.cancelFlag), 0, 1);
    if (!job.isRunning) {
      this.jobs.splice(this.jobs.indexOf(job), 1);
      job.settle(job.dropped(cause));
    }
  }

  private startNext(): void {
    const next = this.jobs[0];
    if (next === undefined || next.isRunning) {
      return;
    }
    next.isRunning = true;
    const answer = next.run(next).finally(() => {
      this.jobs.splice(this.jobs.indexOf(next), 1);
      this.startNext();
    });
    next.settle(answer);
  }
}
