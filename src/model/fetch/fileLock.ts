import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once when somebody else holds the lock. */
  readonly onWait?: () => void;
}

const POLL_MS = 250;
const HEARTBEAT_MS = 10_000;
/**
 * A holder on another host, or one whose process id was given to another program, is taken for dead after this long
 * without a heartbeat. Long, because a holder that computes without a pause cannot beat.
 */
const STALE_MS = 10 * 60_000;

/**
 * Runs `body` while this process holds the lock file; waits for another holder to finish first.
 *
 * The file is created exclusively and names its holder, so a lock left by a process that died is taken over at once.
 * Rejects with the signal's reason when cancelled while waiting.
 */
export async function withFileLock<T>(path: string, options: LockOptions, body: () => Promise<T>): Promise<T> {
  const token = randomUUID();
  await acquire(path, token, options);
  const heartbeat = setInterval(() => {
    const now = new Date();
    // The lock may just have been released or its disk be gone; the next holder decides by its age.
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await body();
  } finally {
    clearInterval(heartbeat);
    if ((await readHolder(path))?.token === token) {
      await rm(path, { force: true });
    }
  }
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

async function acquire(path: string, token: string, options: LockOptions): Promise<void> {
  const holder: Holder = { pid: process.pid, host: hostname(), token };
  for (let hasWaited = false; ; ) {
    options.signal.throwIfAborted();
    try {
      await writeFile(path, JSON.stringify(holder), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
    if (await removeIfStale(path)) {
      continue;
    }
    if (!hasWaited) {
      hasWaited = true;
      options.onWait?.();
    }
    await delay(POLL_MS, undefined, { signal: options.signal });
  }
}

/** Removes a dead holder's lock; true when the lock is worth another try at once. */
async function removeIfStale(path: string): Promise<boolean> {
  const holder = await readHolder(path);
  const age = await ageMs(path);
  if (age === undefined) {
    return true;
  }
  const isDead = holder !== undefined && holder.host === hostname() && !isAlive(holder.pid);
  if (!isDead && age < STALE_MS) {
    return false;
  }
  // Two waiters may judge at the same time: the one that is late must not take away the lock the other has just made.
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return true;
    }
    throw error;
  }
  if ((await readHolder(aside))?.token !== holder?.token) {
    await rename(aside, path);
    return false;
  }
  await rm(aside, { force: true });
  return true;
}

/** Undefined when there is no lock or its holder has not yet written its name. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Holder;
    return Number.isInteger(holder?.pid) && holder.pid > 0 ? holder : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

async function ageMs(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process answers "not permitted": it lives.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
