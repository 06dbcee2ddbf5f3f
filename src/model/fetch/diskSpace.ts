import { statfs } from 'node:fs/promises';

/** Bytes that this user may still write to the disk that holds the folder. Injected by tests. */
export type FreeBytes = (directory: string) => Promise<number>;

export const freeBytes: FreeBytes = async (directory) => {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
};

/** A size for people, in decimal units as disks and download pages state them. */
export function describeBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** The sentence for a disk that is too small, before anything is written. */
export function notEnoughSpace(what: string, directory: string, neededBytes: number, haveBytes: number): string {
  return (
    `${what} needs ${describeBytes(neededBytes)} of disk space and only ${describeBytes(haveBytes)} are free in ` +
    `${directory}; free some space, or set XDG_CACHE_HOME to a folder on a larger disk, and try again`
  );
}
