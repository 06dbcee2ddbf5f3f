/** What to do after the worker process ended unasked. */
export type CrashDecision =
  | { readonly kind: 'restart'; readonly delayMs: number }
  | { readonly kind: 'fall-back-to-cpu'; readonly delayMs: number }
  | { readonly kind: 'give-up'; readonly crashes: number };

/** Crashes further apart than this have nothing to do with each other. */
export const CRASH_WINDOW_MS = 60_000;
/** Waiting time before each restart of a series; after as many crashes plus one it is over. */
const RESTART_DELAYS_MS = [200, 1000, 5000];
/** A driver that took the process down twice will do it again; the CPU has its own whole series. */
const CRASHES_PER_OTHER_DEVICE = 2;

/** Decides from the times of the crashes on the current device, the last one just now. */
export function decideAfterCrash(crashTimesMs: readonly number[], isOnCpu: boolean): CrashDecision {
  const nowMs = crashTimesMs.at(-1) ?? 0;
  const crashes = crashTimesMs.filter((timeMs) => nowMs - timeMs < CRASH_WINDOW_MS).length;
  if (!isOnCpu && crashes >= CRASHES_PER_OTHER_DEVICE) {
    return { kind: 'fall-back-to-cpu', delayMs: RESTART_DELAYS_MS[0]! };
  }
  const delayMs = RESTART_DELAYS_MS[crashes - 1];
  return delayMs === undefined ? { kind: 'give-up', crashes } : { kind: 'restart', delayMs };
}
