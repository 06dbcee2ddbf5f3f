#!/usr/bin/env node
/** Entry of the command line: signals, and the one place where an error becomes a sentence and a status. */
import path from 'node:path';
import type { CliEnvironment } from './cliEnvironment.ts';
import { InterruptedError } from './cliError.ts';
import { createProgram, describeError } from './program.ts';

const INTERRUPTED_STATUS = 130;

void main();

async function main(): Promise<void> {
  const interrupt = new AbortController();
  process.on('SIGINT', () => {
    if (interrupt.signal.aborted) {
      // A second Ctrl+C does not wait for the worker; it exits by itself when this process is gone.
      process.exit(INTERRUPTED_STATUS);
    }
    interrupt.abort(new InterruptedError());
  });
  process.on('SIGTERM', () => interrupt.abort(new InterruptedError()));
  // A reader that has seen enough, such as `head`, is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const environment: CliEnvironment = {
    root: path.join(__dirname, '..'),
    workerScript: path.join(__dirname, 'worker.js'),
    interrupt: interrupt.signal,
  };
  try {
    await createProgram(environment).parseAsync(process.argv);
  } catch (error) {
    const { status, sentence } = interrupt.signal.aborted
      ? describeError(new InterruptedError())
      : describeError(error);
    if (sentence !== undefined) {
      process.stderr.write(`foretoken: ${sentence}\n`);
    }
    process.exitCode = status;
  }
}
