import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { err, ok } from '../../src/base/result.ts';
import type { RunCommand } from '../../src/model/fetch/runCommand.ts';

export interface FakePip {
  readonly run: RunCommand;
  /** The requirements asked for so far, in order. */
  readonly asked: readonly string[];
}

/**
 * A stand-in for pip behind one of its spellings: writes the wheel that `wheel` makes for a requirement into the folder
 * given by `-d`, or fails with the text that it returns.
 */
export function fakePip(program: string, wheel: (requirement: string) => Buffer | string): FakePip {
  const asked: string[] = [];
  const run: RunCommand = async (command, args, options) => {
    options.signal.throwIfAborted();
    if (command !== program) {
      return err('not-found');
    }
    if (args.includes('--version')) {
      return ok({ exitCode: 0, output: 'pip 24.0', errorOutput: '' });
    }
    const requirement = args.at(-1) ?? '';
    asked.push(requirement);
    const made = wheel(requirement);
    if (typeof made === 'string') {
      return ok({ exitCode: 1, output: '', errorOutput: made });
    }
    const directory = args[args.indexOf('-d') + 1] ?? '';
    await writeFile(path.join(directory, `${requirement.replace('==', '-')}-py3-none-any.whl`), made);
    return ok({ exitCode: 0, output: '', errorOutput: '' });
  };
  return { run, asked };
}
