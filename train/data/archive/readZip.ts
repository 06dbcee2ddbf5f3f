import { inflateRawSync } from 'node:zlib';
import type { ArchiveFile } from './archiveFile.ts';

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;
const MAX_COMMENT_BYTES = 0xffff;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Reads the files of a zip archive (also wheels, jars and Go module zips); stored and deflated members only, no zip64.
 *
 * Members that unpack to more than 64 MB are passed over. Throws where the archive is damaged.
 *
 * Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export function readZip(archive: Buffer): readonly ArchiveFile[] {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  const files: ArchiveFile[] = [];
  let offset = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (archive.readUInt32LE(offset) !== ENTRY_SIGNATURE) {
      throw new Error('the zip archive has a damaged directory');
    }
    const method = archive.readUInt16LE(offset + 10);
    const packedSize = archive.readUInt32LE(offset + 20);
    const size = archive.readUInt32LE(offset + 24);
    const nameLength = archive.readUInt16LE(offset + 28);
    const extraLength = archive.readUInt16LE(offset + 30);
    const commentLength = archive.readUInt16LE(offset + 32);
    const localHeader = archive.readUInt32LE(offset + 42);
    const path = archive.toString('utf8', offset + ENTRY_BYTES, offset + ENTRY_BYTES + nameLength);
    offset += ENTRY_BYTES + nameLength + extraLength + commentLength;
    if (path.endsWith('/') || size > MAX_FILE_BYTES) {
      continue;
    }
    const start =
      localHeader +
      LOCAL_HEADER_BYTES +
      archive.readUInt16LE(localHeader + 26) +
      archive.readUInt16LE(localHeader + 28);
    const packed = archive.subarray(start, start + packedSize);
    files.push({ path, bytes: method === 0 ? packed : inflate(packed, method) });
  }
  return files;
}

function inflate(packed: Buffer, method: number): Buffer {
  if (method !== 8) {
    throw new Error(`the zip archive uses the compression method ${method}; only 0 and 8 are read`);
  }
  return inflateRawSync(packed, { maxOutputLength: MAX_FILE_BYTES });
}

function findEnd(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let offset = archive.length - END_BYTES; offset >= first; offset--) {
    if (archive.readUInt32LE(offset) === END_SIGNATURE) {
      return offset;
    }
  }
  throw new Error('this is not a zip archive');
}
