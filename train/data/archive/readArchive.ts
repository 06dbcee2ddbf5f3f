import { gunzipSync } from 'node:zlib';
import type { ArchiveFile } from './archiveFile.ts';
import { readTar } from './readTar.ts';
import { readZip } from './readZip.ts';

/**
 * Reads the files of a package archive, known by its first bytes: zip, or tar with or without gzip.
 *
 * The one folder in which all files of a source distribution, crate, npm package or Go module stand is taken off the
 * paths. Files come in the order of their paths; of two with the same path the later one counts.
 */
export function readArchive(bytes: Buffer): readonly ArchiveFile[] {
  const files = readMembers(bytes).map((file) => ({ ...file, path: file.path.replace(/^\.\//, '') }));
  const folder = commonFolder(files.map((file) => file.path));
  const byPath = new Map(files.map((file) => [file.path.slice(folder.length), file.bytes]));
  return [...byPath]
    .map(([path, content]) => ({ path, bytes: content }))
    .sort((left, right) => (left.path < right.path ? -1 : 1));
}

function readMembers(bytes: Buffer): readonly ArchiveFile[] {
  if (bytes.toString('latin1', 0, 2) === 'PK') {
    return readZip(bytes);
  }
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return readTar(isCompressed ? gunzipSync(bytes) : bytes);
}

/** A Go module's folder has slashes in it (`example.com/name@v1.0.0/`): its end is the `@version` part. */
function commonFolder(paths: readonly string[]): string {
  const [first = ''] = paths;
  const folder = /^(?:[^@]*@v[^/]*\/|[^/]*\/)/.exec(first)?.[0] ?? '';
  return paths.every((path) => path.startsWith(folder)) ? folder : '';
}
