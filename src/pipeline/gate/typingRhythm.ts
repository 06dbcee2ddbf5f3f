import { RecentMedian } from '../../base/recentMedian.ts';

/** A longer time between two keystrokes is a pause and says nothing about the rhythm. */
const PAUSE_MS = 1000;
const KEYSTROKES = 12;
const ANSWERS = 8;

/** An answer that takes longer than the time of so many keystrokes would only keep the engine busy when the pause comes. */
const KEYSTROKES_OVERTAKEN = 2;
/** So much longer than usual without a keystroke looks like a pause. */
const LOOKS_LIKE_PAUSE = 1.3;

/**
 * How long to wait after a keystroke before the engine is asked.
 *
 * Usually nothing: what an overtaken request has written is not lost, as the next one goes on from it where the typist writes the
 * same (`writtenText.ts`). Where answers take much longer than keystrokes, requests in the middle of a burst keep the engine busy
 * for nothing: then the wait ends when the typist seems to pause.
 */
export class TypingRhythm {
  private readonly intervals = new RecentMedian(KEYSTROKES);
  private readonly answers = new RecentMedian(ANSWERS);
  private lastKeystrokeMs: number | undefined;
  private lastDelayMs = 0;
  /** When the request was sent that is not answered yet. */
  private sentAtMs: number | undefined;

  /** `nowMs`: on any clock that only goes forward. */
  noteKeystroke(nowMs: number): void {
    const intervalMs = nowMs - (this.lastKeystrokeMs ?? Number.NEGATIVE_INFINITY);
    this.lastKeystrokeMs = nowMs;
    if (intervalMs > 0 && intervalMs < PAUSE_MS) {
      this.intervals.add(intervalMs);
    }
    if (this.sentAtMs !== undefined) {
      // Overtaken: the answer would have taken longer than this. Without these only quick answers would count; one that was
      // overtaken sooner than answers usually take says nothing.
      const waitedMs = nowMs - this.sentAtMs;
      this.sentAtMs = undefined;
      if (waitedMs > (this.answers.value ?? 0)) {
        this.answers.add(waitedMs);
      }
    }
  }

  /** Hears that a request was sent, after the delay that was chosen last. */
  noteRequest(): void {
    this.sentAtMs = (this.lastKeystrokeMs ?? 0) + this.lastDelayMs;
  }

  /** Hears how long the engine took for an answer. */
  noteAnswer(ms: number): void {
    this.sentAtMs = undefined;
    this.answers.add(ms);
  }

  /** Milliseconds until the typist seems to pause; 0 where that is so already, or nothing is known. */
  untilPause(nowMs: number): number {
    const { lastKeystrokeMs } = this;
    const intervalMs = this.intervals.value;
    return lastKeystrokeMs === undefined || intervalMs === undefined
      ? 0
      : Math.max(0, lastKeystrokeMs + LOOKS_LIKE_PAUSE * intervalMs - nowMs);
  }

  /** Milliseconds, at most `longestMs`. */
  chooseDelay(longestMs: number): number {
    this.lastDelayMs = this.delay(longestMs);
    return this.lastDelayMs;
  }

  private delay(longestMs: number): number {
    const intervalMs = this.intervals.value;
    const answerMs = this.answers.value;
    return intervalMs === undefined || answerMs === undefined || answerMs <= KEYSTROKES_OVERTAKEN * intervalMs
      ? 0
      : Math.min(longestMs, LOOKS_LIKE_PAUSE * intervalMs);
  }
}
