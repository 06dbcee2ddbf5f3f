import type { Translate } from '../../base/translate.ts';

/** Time as the snooze needs it; tests bring their own. */
export interface SnoozeClock {
  /** Wall-clock milliseconds, because a snooze goes on while the machine sleeps. */
  now(): number;
  /** Calls `action` later, unless the returned function was called before. */
  after(delayMs: number, action: () => void): () => void;
}

const MINUTE_MS = 60_000;

/** Suggestions while typing, off for a while; forgotten with the window. */
export class Snooze {
  private readonly clock: SnoozeClock;
  private readonly onDidChange: () => void;
  private untilMs = 0;
  private cancelTick: (() => void) | undefined;

  /** `onDidChange` is called at the start, at the end, and whenever the minutes that remain change. */
  constructor(clock: SnoozeClock, onDidChange: () => void) {
    this.clock = clock;
    this.onDidChange = onDidChange;
  }

  get isSnoozed(): boolean {
    return this.remainingMs > 0;
  }

  /** Milliseconds until suggestions come again; 0 when they do. */
  get remainingMs(): number {
    return Math.max(0, this.untilMs - this.clock.now());
  }

  /** Begins, or changes the end of what has begun. */
  start(untilMs: number): void {
    this.untilMs = untilMs;
    this.tick();
  }

  end(): void {
    this.start(0);
  }

  dispose(): void {
    this.cancelTick?.();
  }

  private tick(): void {
    this.cancelTick?.();
    this.cancelTick = undefined;
    const { remainingMs } = this;
    if (remainingMs > 0) {
      this.cancelTick = this.clock.after(remainingMs % MINUTE_MS || MINUTE_MS, () => this.tick());
    }
    this.onDidChange();
  }
}

/** `tomorrow` is the midnight that comes, on the clock of this machine. */
export type SnoozeLength = number | 'tomorrow';

/** Minutes, or until tomorrow. */
export const SNOOZE_LENGTHS: readonly SnoozeLength[] = [5, 15, 60, 'tomorrow'];

/** When a snooze of this length ends, wall-clock milliseconds. */
export function snoozeEnd(length: SnoozeLength, nowMs: number): number {
  if (length !== 'tomorrow') {
    return nowMs + length * MINUTE_MS;
  }
  // By calendar: the day on which the clocks change has 23 or 25 hours.
  const today = new Date(nowMs);
  return new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1).getTime();
}

export function describeSnoozeLength(length: SnoozeLength, translate: Translate): string {
  return length === 'tomorrow' ? translate('Until tomorrow') : describeDuration(length * MINUTE_MS, translate);
}

/** Hours and minutes, begun minutes counted as whole ones. */
export function describeDuration(ms: number, translate: Translate): string {
  const minutes = Math.ceil(ms / MINUTE_MS);
  return minutes < 60
    ? translate('{0} min', minutes)
    : minutes % 60 === 0
      ? translate('{0} h', minutes / 60)
      : translate('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}
