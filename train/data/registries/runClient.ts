import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const TIME_LIMIT_MS = 10 * 60 * 1000;

/** Runs a package client with its own settings and returns what it printed. Throws with the end of its complaint. */
export async function runClient(command: string, args: readonly string[], folder: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], {
      cwd: folder,
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: TIME_LIMIT_MS,
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message = '' } = error as { stdout?: string; stderr?: string; message?: string };
    const complaint = `${stderr}\n${stdout}`.trim().slice(-600) || message;
    throw new Error(`${command} ${args.join(' ')} failed: ${complaint}`);
  }
}
