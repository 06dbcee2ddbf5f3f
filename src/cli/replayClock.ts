import type { Clock } from '../base/clock.ts';

/** The machine's clock and its timers; a test has its own. */
export interface RealTime extends Clock {
  /** Calls back once after `ms`, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void;
}

export const machineTime: RealTime = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * The typist's clock: it runs with real time while the engine works, so that the engine has as long as it would have in the
 * editor, and jumps over the time in which the engine is idle.
 */
export class ReplayClock {
  private readonly realTime: RealTime;
  private atMs: number;
  /** Real time at which the clock showed `atMs`; means something only while the engine works. */
  private realAtMs = 0;
  private working = 0;
  private onIdle: (() => void) | undefined;

  constructor(realTime: RealTime, startMs: number) {
    this.realTime = realTime;
    this.atMs = startMs;
  }

  now(): number {
    return this.isEngineWorking ? this.atMs + this.realTime.now() - this.realAtMs : this.atMs;
  }

  get isEngineWorking(): boolean {
    return this.working > 0;
  }

  /** Lets the clock run until this work of the engine is over. The work must not reject. */
  follow(work: Promise<void>): void {
    if (!this.isEngineWorking) {
      this.realAtMs = this.realTime.now();
    }
    this.working++;
    void work.then(() => {
      this.atMs = this.now();
      this.realAtMs = this.realTime.now();
      this.working--;
      if (!this.isEngineWorking) {
        this.onIdle?.();
      }
    });
  }

  /** Waits until the clock shows `ms`, or sets it to that as soon as the engine is idle. */
  async advanceTo(ms: number): Promise<void> {
    const waitMs = ms - this.now();
    if (this.isEngineWorking && waitMs > 0) {
      await new Promise<void>((resolve) => {
        const stop = this.realTime.after(waitMs, resolve);
        this.onIdle = () => {
          stop();
          resolve();
        };
      });
      this.onIdle = undefined;
    }
    // A timer that fires late must not make the typist late.
    this.atMs = ms;
    this.realAtMs = this.realTime.now();
  }

  /** Waits until the engine has nothing to do. */
  async untilIdle(): Promise<void> {
    if (this.isEngineWorking) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
      this.onIdle = undefined;
    }
  }
}
