import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { describeSystemError } from '../base/describeSystemError.ts';
import { UsageError } from './cliError.ts';

/** A string of Node may hold half a thousand million units; a source file of that size is a mistake long before. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Reads a file as bytes. Throws `UsageError` when it is no readable file of a sensible size. */
export async function readInputFile(filePath: string): Promise<Buffer> {
  try {
    const { size } = await stat(filePath);
    if (size > MAX_FILE_BYTES) {
      throw new UsageError(
        `${filePath} has ${(size / 1e6).toFixed(0)} MB, more than the limit of ${(MAX_FILE_BYTES / 1e6).toFixed(0)} MB`,
      );
    }
    return await readFile(filePath);
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`${filePath === '' ? '""' : filePath} cannot be read: ${describeSystemError(error)}`);
  }
}

/** Reads a file of JSON lines, which may be compressed with gzip. Throws `UsageError`. */
export async function readLinesFile(filePath: string): Promise<string> {
  const bytes = await readInputFile(filePath);
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return decodeText(isCompressed ? await decompress(bytes, filePath) : bytes, filePath);
}

async function decompress(bytes: Buffer, filePath: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes);
  } catch {
    // Whatever zlib found, the file must be written again.
    throw new UsageError(`${filePath} is a damaged gzip file`);
  }
}

/** Reads a source file as an editor does: UTF-8, without its byte order mark. Throws `UsageError`. */
export async function readTextFile(filePath: string): Promise<string> {
  return decodeText(await readInputFile(filePath), filePath);
}

export function decodeText(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder's only complaint is malformed input.
    throw new UsageError(
      `${name} is not UTF-8 text; if it is text in another encoding, save it as UTF-8 and try again`,
    );
  }
}
