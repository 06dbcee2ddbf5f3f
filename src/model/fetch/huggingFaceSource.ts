import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import type { HuggingFaceSource } from '../catalogue.ts';
import type { Download, DownloadFailure, DownloadRequest, DownloadSource } from './downloadSource.ts';
import { downloadFailure } from './downloadSource.ts';

export interface HuggingFaceOptions {
  /** Defaults to the public hub. `HF_ENDPOINT` is the hub client's own setting for mirrors. */
  readonly baseUrl?: string | undefined;
  /** Until the response's headers are here, redirects included. Defaults to 15 s. */
  readonly connectTimeoutMs?: number;
  /** Without one byte of the body. Defaults to 30 s. */
  readonly idleTimeoutMs?: number;
}

const PUBLIC_HUB = 'https://huggingface.co';
/** Cut connections are resumed at once; a line that breaks more often is left to the next source or the next run. */
const MAX_ATTEMPTS = 8;

/** The official file over HTTPS, resumed by range requests into `<file>.partial`. */
export function huggingFaceSource(source: HuggingFaceSource, options: HuggingFaceOptions = {}): DownloadSource {
  const base = (options.baseUrl ?? PUBLIC_HUB).replace(/\/+$/, '');
  const partial = (name: string, directory: string): string => path.join(directory, `${name}.partial`);
  return {
    name: 'huggingface',
    scratchBytes: () => 0,
    workFiles: (file, directory) => [partial(file.name, directory)],
    download: (request) =>
      download(
        `${base}/${source.repository}/resolve/${source.revision}/${request.file.name}`,
        partial(request.file.name, request.directory),
        request,
        options,
      ),
  };
}

async function download(
  url: string,
  partial: string,
  request: DownloadRequest,
  options: HuggingFaceOptions,
): Promise<Result<Download, DownloadFailure>> {
  const total = request.file.bytes;
  const resumedFromBytes = await keptBytes(partial, total);
  let haveBytes = resumedFromBytes;
  for (let attempt = 1; haveBytes < total; attempt += 1) {
    const before = haveBytes;
    try {
      haveBytes = await receive(url, partial, haveBytes, request, options);
    } catch (error) {
      haveBytes = await keptBytes(partial, total);
      const wasCut = error instanceof BodyCutError && haveBytes > before;
      if (!wasCut || request.signal.aborted || attempt >= MAX_ATTEMPTS) {
        return err(downloadFailure(error, request.signal));
      }
      request.log(`${new URL(url).host}: ${error.message}; going on at byte ${haveBytes}`);
    }
  }
  return ok({ path: partial, resumedFromBytes });
}

/** The server ended or broke off the body: what came is good and the rest may be asked for. */
class BodyCutError extends Error {}

/** Sends one request and appends what it brings. Returns the file's size afterwards; throws with a clause for the user. */
async function receive(
  url: string,
  partial: string,
  fromByte: number,
  request: DownloadRequest,
  options: HuggingFaceOptions,
): Promise<number> {
  const { host } = new URL(url);
  const total = request.file.bytes;
  const watchdog = createWatchdog(request.signal);
  try {
    const connectTimeoutMs = options.connectTimeoutMs ?? 15_000;
    watchdog.start(connectTimeoutMs, `${host} did not answer within ${connectTimeoutMs / 1000} s`);
    const response = await connect(url, fromByte, host, watchdog.signal);
    const startByte = bodyStart(response, fromByte, total, host);
    if (response.body === null) {
      throw new Error(`${host} sent an empty answer`);
    }
    const target = await request.openAppend(partial, startByte);
    let haveBytes = startByte;
    try {
      const idleTimeoutMs = options.idleTimeoutMs ?? 30_000;
      watchdog.start(idleTimeoutMs, `${host} sent nothing for ${idleTimeoutMs / 1000} s`);
      for await (const chunk of readBody(response.body, host, watchdog.signal)) {
        if (haveBytes + chunk.length > total) {
          throw new Error(`${host} sent more than the ${total} bytes of the file`);
        }
        await target.append(chunk);
        haveBytes += chunk.length;
        request.onBytes(haveBytes);
        watchdog.refresh();
      }
    } finally {
      await target.close();
    }
    if (haveBytes < total) {
      throw new BodyCutError(`${host} closed the connection early`);
    }
    return haveBytes;
  } finally {
    watchdog.stop();
  }
}

async function connect(url: string, fromByte: number, host: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      signal,
      // A compressed body would make byte offsets meaningless.
      headers: { 'accept-encoding': 'identity', ...(fromByte > 0 ? { range: `bytes=${fromByte}-` } : {}) },
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : new Error(`cannot connect to ${host} (${causeOf(error)})`);
  }
  const isHtml = response.headers.get('content-type')?.startsWith('text/html') ?? false;
  if ((response.status === 200 || response.status === 206) && !isHtml) {
    return response;
  }
  await response.body?.cancel();
  throw new Error(
    response.status >= 400
      ? `${host} answered with HTTP status ${response.status}`
      : `${host} sent a web page instead of the file; a log-in page of the network may be in between`,
  );
}

/**
 * The byte of the file at which the body begins: where we asked, or 0 when the server ignored the range.
 *
 * Throws when the headers already show that this is another file.
 */
function bodyStart(response: Response, fromByte: number, total: number, host: string): number {
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    const hasOtherSize = range?.[2] !== '*' && Number(range?.[2]) !== total;
    if (range === null || Number(range[1]) !== fromByte || hasOtherSize) {
      throw new Error(`${host} answered with an unexpected range of the file`);
    }
    return fromByte;
  }
  const length = response.headers.get('content-length');
  if (length !== null && Number(length) !== total) {
    throw new Error(`${host} offers a file of ${length} bytes where ${total} are expected`);
  }
  return 0;
}

async function* readBody(
  body: ReadableStream<Uint8Array>,
  host: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await readChunk(reader, host, signal);
      if (done) {
        return;
      }
      yield value;
    }
  } finally {
    // Also reached when the consumer stops early (a full disk): the connection must not stay open.
    await reader.cancel().catch(() => undefined);
  }
}

async function readChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  host: string,
  signal: AbortSignal,
): ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']> {
  try {
    return await reader.read();
  } catch (error) {
    throw signal.aborted ? signal.reason : new BodyCutError(`the connection to ${host} broke (${causeOf(error)})`);
  }
}

/** How much of the file is here; a file that cannot be a beginning of it is removed. */
async function keptBytes(partial: string, total: number): Promise<number> {
  try {
    const { size } = await stat(partial);
    if (size <= total) {
      return size;
    }
    await rm(partial);
    return 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return 0;
    }
    throw error;
  }
}

function causeOf(error: unknown): string {
  const cause = (error as { readonly cause?: NodeJS.ErrnoException }).cause;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}

interface Watchdog {
  /** Aborted with an `Error` whose message is the reason given to `start`, or when the user cancels. */
  readonly signal: AbortSignal;
  readonly start: (timeoutMs: number, reason: string) => void;
  readonly refresh: () => void;
  readonly stop: () => void;
}

function createWatchdog(cancelled: AbortSignal): Watchdog {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: AbortSignal.any([cancelled, controller.signal]),
    start: (timeoutMs, reason) => {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(new Error(reason)), timeoutMs);
    },
    refresh: () => timer?.refresh(),
    stop: () => clearTimeout(timer),
  };
}
