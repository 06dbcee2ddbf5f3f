import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WeightFile } from '../catalogue.ts';

/**
 * The SHA-256 of a file in lower-case hexadecimal.
 *
 * `onBytes` gets the number of bytes read so far. Throws what reading throws, and the signal's reason when cancelled.
 */
export async function hashFile(
  filePath: string,
  onBytes: (hashedBytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  let hashedBytes = 0;
  for await (const chunk of createReadStream(filePath, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk as Buffer);
    hashedBytes += (chunk as Buffer).length;
    onBytes(hashedBytes);
  }
  return hash.digest('hex');
}

interface VerifiedRecord {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}

/**
 * The path that an earlier run verified for this file, if it is still there and unchanged by size and modification time.
 *
 * Saves hashing half a gigabyte at each start. The record `<file>.sha256-ok` lies in our download folder, whether the file
 * itself is there or in another program's cache.
 */
export async function readVerifiedPath(file: WeightFile, directory: string): Promise<string | undefined> {
  try {
    const record = JSON.parse(await readFile(recordPath(file, directory), 'utf8')) as VerifiedRecord;
    if (record?.sha256 !== file.sha256 || record.bytes !== file.bytes || typeof record.path !== 'string') {
      return undefined;
    }
    const { size, mtimeMs } = await stat(record.path);
    return size === file.bytes && mtimeMs === record.mtimeMs ? record.path : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** Remembers that the file at `filePath` was just found to have the right hash. */
export async function writeVerifiedRecord(file: WeightFile, directory: string, filePath: string): Promise<void> {
  const { mtimeMs } = await stat(filePath);
  const record: VerifiedRecord = { path: filePath, bytes: file.bytes, mtimeMs, sha256: file.sha256 };
  const target = recordPath(file, directory);
  await writeFile(`${target}.new`, JSON.stringify(record));
  await rename(`${target}.new`, target);
}

function recordPath(file: WeightFile, directory: string): string {
  return path.join(directory, `${file.name}.sha256-ok`);
}
