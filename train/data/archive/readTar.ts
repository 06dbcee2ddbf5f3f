import type { ArchiveFile } from './archiveFile.ts';

const BLOCK_BYTES = 512;

/**
 * Reads the regular files of an uncompressed tar archive (ustar, with pax and GNU long names).
 *
 * Links, devices and folders are passed over. The bytes are views into `archive`. Throws on a cut archive.
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format".
 */
export function readTar(archive: Buffer): readonly ArchiveFile[] {
  const files: ArchiveFile[] = [];
  let longPath: string | undefined;
  for (let offset = 0; offset + BLOCK_BYTES <= archive.length; ) {
    const header = archive.subarray(offset, offset + BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) {
      break;
    }
    const size = readOctal(header.subarray(124, 136));
    const start = offset + BLOCK_BYTES;
    if (start + size > archive.length) {
      throw new Error('the tar archive ends inside a file');
    }
    const bytes = archive.subarray(start, start + size);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'x') {
      longPath = readPaxPath(bytes) ?? longPath;
    } else if (type === 'L') {
      longPath = readText(bytes);
    } else {
      if (type === '0' || type === '\0') {
        files.push({ path: longPath ?? readUstarPath(header), bytes });
      }
      longPath = undefined;
    }
    offset = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return files;
}

function readUstarPath(header: Buffer): string {
  const name = readText(header.subarray(0, 100));
  const isUstar = header.toString('latin1', 257, 262) === 'ustar' && header.toString('latin1', 257, 265) !== 'ustar  ';
  const prefix = isUstar ? readText(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Records are `LENGTH KEY=VALUE\n`; LENGTH counts the bytes of the whole record. */
function readPaxPath(bytes: Buffer): string | undefined {
  for (let offset = 0; offset < bytes.length; ) {
    const space = bytes.indexOf(0x20, offset);
    const length = Number(bytes.toString('latin1', offset, space));
    if (space < 0 || !Number.isInteger(length) || length <= 0) {
      return undefined;
    }
    const record = bytes.toString('utf8', space + 1, offset + length - 1);
    if (record.startsWith('path=')) {
      return record.slice('path='.length);
    }
    offset += length;
  }
  return undefined;
}

function readText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function readOctal(bytes: Buffer): number {
  const value = Number.parseInt(readText(bytes).trim() || '0', 8);
  if (!Number.isInteger(value)) {
    throw new Error('the tar archive has a damaged header');
  }
  return value;
}
