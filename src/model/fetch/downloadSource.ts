import type { Result } from '../../base/result.ts';
import type { WeightFile } from '../catalogue.ts';
import type { OpenAppend } from './appendTarget.ts';

export interface DownloadRequest {
  readonly file: WeightFile;
  /** Where the source keeps its unfinished work and leaves the finished file; exists. */
  readonly directory: string;
  /** Called with the number of the file's bytes that are here by now, resumed ones included. */
  readonly onBytes: (receivedBytes: number) => void;
  readonly log: (line: string) => void;
  readonly openAppend: OpenAppend;
  readonly signal: AbortSignal;
}

export interface Download {
  /** A file of `file.bytes` bytes whose hash is not checked yet. */
  readonly path: string;
  /** Bytes that an earlier run had left; 0 for a download from scratch. */
  readonly resumedFromBytes: number;
}

export type DownloadFailure =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'disk-full' }
  /** This source cannot deliver; the reason is a clause for the user, and the next source is tried. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** One place the weights can be had from. Nothing it delivers is trusted before its hash was checked. */
export interface DownloadSource {
  readonly name: string;
  /** Bytes of disk it needs beside the file itself. */
  readonly scratchBytes: (file: WeightFile) => number;
  /** The files it keeps between runs to resume from; the first is the one that grows to the whole file. */
  readonly workFiles: (file: WeightFile, directory: string) => readonly string[];
  /** Fetches what is still missing. Called by `fetchWeights` under the download's lock. */
  readonly download: (request: DownloadRequest) => Promise<Result<Download, DownloadFailure>>;
}

/** What an exception of a download means: cancellation and a full disk end the whole fetch, anything else this source. */
export function downloadFailure(error: unknown, signal: AbortSignal): DownloadFailure {
  if (signal.aborted) {
    return { kind: 'cancelled' };
  }
  if (isDiskFull(error)) {
    return { kind: 'disk-full' };
  }
  return { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) };
}

export function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
