import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CommandRun, RunCommand } from './runCommand.ts';

export interface PipOptions {
  readonly run: RunCommand;
  readonly environment: NodeJS.ProcessEnv;
  /** An empty folder of ours: working directory and temporary folder of every command. */
  readonly scratch: string;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface PipClient extends PipOptions {
  /** The program and its leading arguments, e.g. `python3 -m pip`. */
  readonly command: readonly [string, ...string[]];
}

/** How pip is called on the platforms we support: Unix, plain Windows installs, the Windows launcher, pip alone. */
const SPELLINGS: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['py', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];
const POLL_MS = 250;

/** The first spelling of pip that runs here. Throws with a clause for the user when none does. */
export async function findPip(options: PipOptions): Promise<PipClient> {
  for (const command of SPELLINGS) {
    const client = { ...options, command };
    const run = await runPip(client, ['--version'], options.signal);
    if (run?.exitCode === 0) {
      return client;
    }
  }
  throw new Error(`no Python with pip was found (tried ${SPELLINGS.map((command) => command.join(' ')).join(', ')})`);
}

/**
 * Downloads one wheel into an empty folder and returns its path.
 *
 * `requirement` is `name==version`. Nothing is built or installed: wheels only, no dependencies. `onBytes` gets the bytes
 * on disk so far, read off the folders, because pip prints no machine-readable progress before version 24.1. Throws with a
 * clause for the user.
 */
export async function downloadWheel(
  client: PipClient,
  requirement: string,
  directory: string,
  onBytes: (wheelBytes: number) => void,
): Promise<string> {
  const stalled = new AbortController();
  let largestBytes = 0;
  let idleSince = performance.now();
  let isDone = false;
  const poll = setInterval(async () => {
    const bytes = await largestFileBytes(client.scratch).catch(() => 0);
    if (isDone) {
      return;
    }
    if (bytes > largestBytes) {
      largestBytes = bytes;
      idleSince = performance.now();
      onBytes(bytes);
    } else if (performance.now() - idleSince > client.idleTimeoutMs) {
      stalled.abort(new Error(`pip received nothing for ${client.idleTimeoutMs / 1000} s`));
    }
  }, POLL_MS);
  let run: CommandRun | undefined;
  try {
    run = await runPip(
      client,
      [
        'download',
        '--no-deps',
        '--only-binary=:all:',
        // Half a gigabyte of wheels in pip's own cache would help nobody.
        '--no-cache-dir',
        '--no-input',
        '--disable-pip-version-check',
        '--progress-bar=off',
        '-d',
        directory,
        requirement,
      ],
      AbortSignal.any([client.signal, stalled.signal]),
    );
  } finally {
    isDone = true;
    clearInterval(poll);
  }
  if (run === undefined || run.exitCode !== 0) {
    throw pipError(requirement, run?.errorOutput ?? '');
  }
  const names = await readdir(directory);
  const [name] = names;
  if (name === undefined || names.length !== 1 || !name.endsWith('.whl')) {
    throw new Error(`pip brought ${names.length} files for ${requirement} where one wheel is expected`);
  }
  return path.join(directory, name);
}

async function runPip(
  client: PipClient,
  args: readonly string[],
  signal: AbortSignal,
): Promise<CommandRun | undefined> {
  const [program, ...leading] = client.command;
  const run = await client.run(program, [...leading, ...args], {
    workingDirectory: client.scratch,
    // pip's temporary files belong on the disk whose free space was checked, not on a small memory disk.
    environment: { ...client.environment, TMPDIR: client.scratch, TEMP: client.scratch, TMP: client.scratch },
    signal,
  });
  return run.ok ? run.value : undefined;
}

/** pip's own words in one clause. A full disk keeps its error code. */
function pipError(requirement: string, errorOutput: string): Error {
  if (/\[Errno 28\]|No space left on device/.test(errorOutput)) {
    return Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
  }
  if (/NewConnectionError|ConnectTimeoutError|NameResolutionError|ProxyError|SSLError/.test(errorOutput)) {
    return new Error('pip cannot reach its package index');
  }
  const lines = errorOutput.split(/\r?\n/).map((line) => line.trim());
  const reason = lines.find((line) => line.startsWith('ERROR:')) ?? lines.findLast((line) => line !== '');
  const words = reason?.replace(/^ERROR:\s*/, '').slice(0, 200) ?? 'no reason given';
  return new Error(`pip could not download ${requirement}: ${words}`);
}

/** The largest file below the folder: the wheel, wherever pip is keeping it at the moment. */
async function largestFileBytes(directory: string): Promise<number> {
  let largest = 0;
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) {
      const { size } = await stat(path.join(entry.parentPath, entry.name));
      largest = Math.max(largest, size);
    }
  }
  return largest;
}
