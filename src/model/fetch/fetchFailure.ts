/**
 * Why weights could not be had.
 * - `not-allowed`: not on this machine and the caller did not allow a download: the moment to ask the user.
 * - `offline`: as before, but the user's environment forbids downloads.
 * - `no-source`: every source was tried; the message says what was wrong with each.
 * - `disk-full`, `disk`: the cache folder has too little space or cannot be used.
 */
export type FetchFailureReason = 'cancelled' | 'not-allowed' | 'offline' | 'no-source' | 'disk-full' | 'disk';

export interface FetchFailure {
  readonly reason: FetchFailureReason;
  /** One sentence for the user: what is wrong and what to do. */
  readonly message: string;
}
