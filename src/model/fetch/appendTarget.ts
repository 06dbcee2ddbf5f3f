import { open } from 'node:fs/promises';

/** An open file that only grows. */
export interface AppendTarget {
  /** Writes all of the chunk or throws (`ENOSPC` when the disk is full). */
  readonly append: (chunk: Uint8Array) => Promise<void>;
  /** Flushes to the disk, so that a record written afterwards never claims bytes a power cut lost. */
  readonly close: () => Promise<void>;
}

/** Opens a file to go on at `keepBytes`; what it holds beyond is cut off. Injected by tests that fill the disk. */
export type OpenAppend = (path: string, keepBytes: number) => Promise<AppendTarget>;

export const openAppend: OpenAppend = async (path, keepBytes) => {
  const handle = await open(path, 'a');
  try {
    await handle.truncate(keepBytes);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    append: (chunk) => handle.appendFile(chunk),
    close: async () => {
      try {
        await handle.datasync();
      } finally {
        await handle.close();
      }
    },
  };
};
