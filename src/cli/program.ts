import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { benchCommand } from './benchCommand.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { InterruptedError, UsageError } from './cliError.ts';
import { completeCommand } from './completeCommand.ts';
import { doctorCommand } from './doctorCommand.ts';
import { evalCommand } from './evalCommand.ts';
import { globalOptions, settleQuantization } from './globalOptions.ts';
import { modelCommand } from './modelCommand.ts';
import { replayCommand } from './replayCommand.ts';
import { sampleCommand } from './sampleCommand.ts';
import { scoreCommand } from './scoreCommand.ts';

/** The whole command line. It throws instead of ending the process and leaves errors to `describeError`. */
export function createProgram(environment: CliEnvironment): Command {
  const { version } = JSON.parse(readFileSync(path.join(environment.root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const program = new Command('foretoken')
    .description('Code completion by a model on this machine: the engine of the Foretoken extension, headless.')
    .version(version);
  for (const option of globalOptions()) {
    program.addOption(option);
  }
  const commands = [
    completeCommand(environment),
    evalCommand(environment),
    benchCommand(environment),
    replayCommand(environment),
    modelCommand(environment),
    doctorCommand(environment),
  ];
  for (const command of commands) {
    program.addCommand(command);
  }
  program.addCommand(scoreCommand(environment), { hidden: true });
  program.addCommand(sampleCommand(environment), { hidden: true });
  program.hook('preAction', settleQuantization);
  configure(program);
  return program;
}

export interface ErrorReport {
  readonly status: 0 | 1 | 2 | 130;
  /** One sentence for stderr; absent where there is nothing to say. */
  readonly sentence?: string;
}

/** What an error of the program means: 2 for input that the caller can repair, 1 for work that failed, 130 for Ctrl+C. */
export function describeError(error: unknown): ErrorReport {
  if (error instanceof CommanderError) {
    return describeCommanderError(error);
  }
  if (error instanceof InterruptedError) {
    return { status: 130 };
  }
  return {
    status: error instanceof UsageError ? 2 : 1,
    sentence: oneLine(error instanceof Error ? error.message : String(error)),
  };
}

/** Commands made apart from the program do not inherit these. */
function configure(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({ showGlobalOptions: true });
  command.commands.forEach(configure);
}

function describeCommanderError(error: CommanderError): ErrorReport {
  if (error.exitCode === 0) {
    return { status: 0 };
  }
  // Its way to show the help because no command was given.
  const isHelp = error.code === 'commander.help';
  return {
    status: 2,
    sentence: isHelp ? 'no command given; --help lists them' : oneLine(error.message.replace(/^error: /, '')),
  };
}

function oneLine(message: string): string {
  return message.trim().replaceAll(/\s*\n\s*/g, '; ');
}
