import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../../base/result.ts';
import { assertNever, err, ok } from '../../base/result.ts';
import type { CatalogueEntry, WeightFile, WeightSource } from '../catalogue.ts';
import type { OpenAppend } from './appendTarget.ts';
import { openAppend } from './appendTarget.ts';
import type { FreeBytes } from './diskSpace.ts';
import { describeBytes, freeBytes, notEnoughSpace } from './diskSpace.ts';
import type { DownloadRequest, DownloadSource } from './downloadSource.ts';
import { isDiskFull } from './downloadSource.ts';
import type { FetchFailure } from './fetchFailure.ts';
import { withFileLock } from './fileLock.ts';
import { findCandidates, weightCacheFolders } from './findOnDisk.ts';
import { huggingFaceSource } from './huggingFaceSource.ts';
import { ProgressReports } from './progressReports.ts';
import { pypiSource } from './pypiSource.ts';
import { hashFile, readVerifiedPath, writeVerifiedRecord } from './verifyFile.ts';

export interface FetchProgress {
  /** `wait`: another window or process is fetching the same file, and its result will be used. */
  readonly phase: 'search' | 'wait' | 'download' | 'verify';
  /** Bytes downloaded or, in `verify`, checked so far. */
  readonly receivedBytes: number;
  readonly totalBytes: number;
  /** The name of the source during a download, else where the bytes being checked came from. */
  readonly source: string;
}

export interface FetchOptions {
  /** Where the file is kept and unfinished downloads wait to be resumed; created when missing. */
  readonly downloadDirectory: string;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  readonly log?: ((line: string) => void) | undefined;
  /** False uses only what is on this machine. Defaults to true. */
  readonly allowDownload?: boolean | undefined;
  /** Disk space that will be needed beside the file, for the package made of it. Defaults to 0. */
  readonly extraBytes?: number | undefined;
  /** Defaults to the entry's own sources in their order. */
  readonly sources?: readonly DownloadSource[] | undefined;
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** Defaults to the caches of other programs on this machine. */
  readonly cacheFolders?: readonly string[] | undefined;
  readonly openAppend?: OpenAppend | undefined;
  readonly freeBytes?: FreeBytes | undefined;
}

export interface FetchedWeights {
  /** A file whose size and SHA-256 are the catalogue's. It may lie in another program's cache: read it, never change it. */
  readonly path: string;
  /** `kept` (an earlier fetch), `found` (another program's cache), or the name of the source it was downloaded from. */
  readonly source: string;
}

/**
 * Gets the official weight file of a model onto this machine, once, and says where it is.
 *
 * In this order: our own earlier download; a copy in another program's cache, used in place; the sources. Whatever the
 * way, only a file with the catalogue's size and hash is returned. An interrupted download is resumed by the next call. A
 * second process waits for the first and takes its result. Errors: see `FetchFailure`; nothing expected is thrown.
 */
export async function fetchWeights(
  entry: CatalogueEntry,
  options: FetchOptions,
): Promise<Result<FetchedWeights, FetchFailure>> {
  const { downloadDirectory, signal } = options;
  const reports = new ProgressReports(options.onProgress ?? (() => undefined));
  const run: FetchRun = { ...options, entry, emit: (progress) => reports.add(progress) };
  try {
    await mkdir(downloadDirectory, { recursive: true });
    const verified = await readVerifiedPath(entry.file, downloadDirectory);
    if (verified !== undefined) {
      return ok({ path: verified, source: 'kept' });
    }
    const lockPath = path.join(downloadDirectory, `${entry.file.name}.lock`);
    return await withFileLock(lockPath, { signal, onWait: () => progress(run, 'wait', 0, '') }, () => fetchLocked(run));
  } catch (error) {
    if (signal.aborted) {
      return err(cancelled(entry));
    }
    if (isDiskFull(error)) {
      return err(diskFull(run));
    }
    return err({
      reason: 'disk',
      message: `${entry.title} cannot be kept in ${downloadDirectory}: ${(error as Error).message}`,
    });
  } finally {
    reports.end();
  }
}

interface FetchRun extends FetchOptions {
  readonly entry: CatalogueEntry;
  readonly emit: (progress: FetchProgress) => void;
}

async function fetchLocked(run: FetchRun): Promise<Result<FetchedWeights, FetchFailure>> {
  const { entry, downloadDirectory } = run;
  const verified = await readVerifiedPath(entry.file, downloadDirectory);
  if (verified !== undefined) {
    return ok({ path: verified, source: 'kept' });
  }
  const onDisk = (await checkOwnFile(run)) ?? (await findForeignFile(run));
  if (onDisk !== undefined) {
    return ok(onDisk);
  }
  const refusal = downloadRefusal(run);
  if (refusal !== undefined) {
    return err(refusal);
  }
  return download(run);
}

/** Our own file without a record: put there by hand, or from a run that was killed while checking it. */
async function checkOwnFile(run: FetchRun): Promise<FetchedWeights | undefined> {
  const { entry, downloadDirectory } = run;
  const filePath = path.join(downloadDirectory, entry.file.name);
  const bytes = await sizeOf(filePath);
  if (bytes === undefined) {
    return undefined;
  }
  if (bytes === entry.file.bytes && (await hasRightHash(filePath, 'kept', run))) {
    await writeVerifiedRecord(entry.file, downloadDirectory, filePath);
    return { path: filePath, source: 'kept' };
  }
  run.log?.(`${filePath} is damaged or incomplete (${bytes} of ${entry.file.bytes} bytes); it is fetched again`);
  await rm(filePath);
  return undefined;
}

async function findForeignFile(run: FetchRun): Promise<FetchedWeights | undefined> {
  const { entry, downloadDirectory } = run;
  progress(run, 'search', 0, '');
  // Our own folder is among them, so that a file put there by hand is found whatever it is called.
  const folders = [downloadDirectory, ...(run.cacheFolders ?? weightCacheFolders(run.environment))];
  for (const candidate of await findCandidates(entry.file, folders)) {
    if (await hasRightHash(candidate, 'found', run)) {
      run.log?.(`${entry.title}: using ${candidate}`);
      await writeVerifiedRecord(entry.file, downloadDirectory, candidate);
      return { path: candidate, source: 'found' };
    }
  }
  return undefined;
}

function downloadRefusal(run: FetchRun): FetchFailure | undefined {
  const { entry } = run;
  const offline = (run.environment ?? process.env).FORETOKEN_OFFLINE ?? '';
  if (offline !== '' && offline !== '0') {
    return {
      reason: 'offline',
      message: `${entry.title} is not on this machine and FORETOKEN_OFFLINE forbids to download it; ${byHand(run)}`,
    };
  }
  if (run.allowDownload === false) {
    const size = describeBytes(entry.file.bytes);
    return {
      reason: 'not-allowed',
      message: `${entry.title} is not on this machine yet; allow its download (${size}), or ${byHand(run)}`,
    };
  }
  return undefined;
}

async function download(run: FetchRun): Promise<Result<FetchedWeights, FetchFailure>> {
  const { entry, downloadDirectory } = run;
  const sources = run.sources ?? entry.sources.map((source) => createSource(source, run.environment));
  const tooSmall = await checkSpace(run, sources);
  if (tooSmall !== undefined) {
    return err(tooSmall);
  }
  const reasons: string[] = [];
  for (const source of sources) {
    const outcome = await downloadFrom(source, run);
    if (outcome.ok) {
      const filePath = path.join(downloadDirectory, entry.file.name);
      await rename(outcome.value, filePath);
      await writeVerifiedRecord(entry.file, downloadDirectory, filePath);
      await removeWork(sources, run);
      return ok({ path: filePath, source: source.name });
    }
    if (typeof outcome.error !== 'string') {
      return err(outcome.error);
    }
    run.log?.(`${source.name}: ${outcome.error}`);
    reasons.push(`${source.name}: ${outcome.error}`);
  }
  const failed = reasons.length > 0 ? reasons.join('; ') : 'it names no source';
  return err({ reason: 'no-source', message: `${entry.title} could not be downloaded (${failed}); ${byHand(run)}` });
}

/**
 * One source's download, with the right hash. The error is a clause when the next source may be tried, else the end.
 *
 * A resumed download with a wrong hash may owe it to the bytes that were there before: it gets one more try from scratch.
 */
async function downloadFrom(source: DownloadSource, run: FetchRun): Promise<Result<string, string | FetchFailure>> {
  const { entry } = run;
  const request: DownloadRequest = {
    file: entry.file,
    directory: run.downloadDirectory,
    onBytes: (receivedBytes) => progress(run, 'download', receivedBytes, source.name),
    log: (line) => run.log?.(line),
    openAppend: run.openAppend ?? openAppend,
    signal: run.signal,
  };
  for (;;) {
    const outcome = await source.download(request);
    if (!outcome.ok) {
      switch (outcome.error.kind) {
        case 'cancelled':
          return err(cancelled(entry));
        case 'disk-full':
          return err(diskFull(run));
        case 'unavailable':
          return err(outcome.error.reason);
        default:
          assertNever(outcome.error);
      }
    }
    const { path: filePath, resumedFromBytes } = outcome.value;
    if ((await sizeOf(filePath)) === entry.file.bytes && (await hasRightHash(filePath, source.name, run))) {
      return ok(filePath);
    }
    await removeWork([source], run);
    if (resumedFromBytes === 0) {
      return err('it served wrong bytes (their SHA-256 is not the expected one)');
    }
    run.log?.(`${source.name}: the resumed download is damaged; starting again from the beginning`);
  }
}

function createSource(source: WeightSource, environment: NodeJS.ProcessEnv = process.env): DownloadSource {
  switch (source.kind) {
    case 'huggingface':
      return huggingFaceSource(source, { baseUrl: environment.HF_ENDPOINT });
    case 'pypi':
      return pypiSource(source, { environment });
    default:
      return assertNever(source);
  }
}

async function checkSpace(run: FetchRun, sources: readonly DownloadSource[]): Promise<FetchFailure | undefined> {
  const { entry, downloadDirectory } = run;
  let keptBytes = 0;
  for (const source of sources) {
    const [growing] = source.workFiles(entry.file, downloadDirectory);
    keptBytes = Math.max(keptBytes, (growing === undefined ? undefined : await sizeOf(growing)) ?? 0);
  }
  const scratchBytes = Math.max(0, ...sources.map((source) => source.scratchBytes(entry.file)));
  // A source's scratch space is free again before the package is built.
  const neededBytes = Math.max(0, entry.file.bytes - keptBytes) + Math.max(scratchBytes, run.extraBytes ?? 0);
  const haveBytes = await (run.freeBytes ?? freeBytes)(downloadDirectory);
  return haveBytes >= neededBytes
    ? undefined
    : { reason: 'disk-full', message: notEnoughSpace(entry.title, downloadDirectory, neededBytes, haveBytes) };
}

async function removeWork(sources: readonly DownloadSource[], run: FetchRun): Promise<void> {
  for (const source of sources) {
    for (const work of source.workFiles(run.entry.file, run.downloadDirectory)) {
      await rm(work, { force: true });
    }
  }
}

async function hasRightHash(filePath: string, source: string, run: FetchRun): Promise<boolean> {
  const onBytes = (bytes: number): void => progress(run, 'verify', bytes, source);
  return (await hashFile(filePath, onBytes, run.signal)) === run.entry.file.sha256;
}

async function sizeOf(filePath: string): Promise<number | undefined> {
  try {
    return (await stat(filePath)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

function cancelled(entry: CatalogueEntry): FetchFailure {
  return {
    reason: 'cancelled',
    message: `fetching ${entry.title} was cancelled; what was received is kept and the next fetch goes on from there`,
  };
}

function diskFull(run: FetchRun): FetchFailure {
  return {
    reason: 'disk-full',
    message:
      `the disk became full while fetching ${run.entry.title} into ${run.downloadDirectory}; what was received is kept: ` +
      'free some space and fetch again to go on from there',
  };
}

function byHand(run: FetchRun): string {
  const { name, bytes, sha256 }: WeightFile = run.entry.file;
  return (
    `put the file ${name} (${bytes} bytes, SHA-256 ${sha256}) into ${run.downloadDirectory}, ` +
    'or run "foretoken model import" with a GGUF file of your own'
  );
}

function progress(run: FetchRun, phase: FetchProgress['phase'], receivedBytes: number, source: string): void {
  run.emit({ phase, receivedBytes, totalBytes: run.entry.file.bytes, source });
}
