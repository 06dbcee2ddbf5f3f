import { spawn } from 'node:child_process';
import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';

export interface CommandOptions {
  /** Must be a folder nobody else writes to: Python and Windows look there for modules and programs first. */
  readonly workingDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Ends the command; the call then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

export interface CommandRun {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly output: string;
  readonly errorOutput: string;
}

/** Runs a program without a shell. `not-found` when there is no such program. */
export type RunCommand = (
  command: string,
  args: readonly string[],
  options: CommandOptions,
) => Promise<Result<CommandRun, 'not-found'>>;

/** Enough for any message worth showing; a program that prints without end must not fill the memory. */
const MAX_OUTPUT_CHARS = 256 * 1024;

export const runCommand: RunCommand = (command, args, options) =>
  new Promise((resolve, reject) => {
    options.signal.throwIfAborted();
    const child = spawn(command, args, {
      cwd: options.workingDirectory,
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const end = (): void => {
      child.kill();
    };
    options.signal.addEventListener('abort', end);
    let output = '';
    let errorOutput = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT_CHARS);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errorOutput = (errorOutput + text).slice(-MAX_OUTPUT_CHARS);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      options.signal.removeEventListener('abort', end);
      if (error.code === 'ENOENT' || error.code === 'EACCES') {
        resolve(err('not-found'));
      } else {
        reject(error);
      }
    });
    child.on('close', (exitCode) => {
      options.signal.removeEventListener('abort', end);
      if (options.signal.aborted) {
        reject(options.signal.reason);
      } else {
        resolve(ok({ exitCode, output, errorOutput }));
      }
    });
  });
