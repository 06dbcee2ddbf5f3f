import type { FetchProgress } from './fetchWeights.ts';

/** Milliseconds between two reports of the same phase. */
const INTERVAL_MS = 100;

/**
 * Passes reports on at most ten times a second, but each change of phase or source and the last byte at once.
 *
 * Where reports stop coming, the latest one follows within the interval: whoever watches a stalled download sees how far
 * it got.
 */
export class ProgressReports {
  private readonly onProgress: (progress: FetchProgress) => void;
  private passed: FetchProgress | undefined;
  private passedMs = 0;
  private held: FetchProgress | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(onProgress: (progress: FetchProgress) => void) {
    this.onProgress = onProgress;
  }

  add(progress: FetchProgress): void {
    const waitMs = this.passedMs + INTERVAL_MS - performance.now();
    const isChange = this.passed?.phase !== progress.phase || this.passed.source !== progress.source;
    if (isChange || progress.receivedBytes === progress.totalBytes || waitMs <= 0) {
      this.pass(progress);
      return;
    }
    this.held = progress;
    this.timer ??= setTimeout(() => this.passHeld(), waitMs);
  }

  /** Nothing is passed on after this. */
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.held = undefined;
  }

  private passHeld(): void {
    if (this.held !== undefined) {
      this.pass(this.held);
    }
  }

  private pass(progress: FetchProgress): void {
    this.end();
    this.passed = progress;
    this.passedMs = performance.now();
    this.onProgress(progress);
  }
}
