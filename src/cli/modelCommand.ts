import { Command } from 'commander';
import type { CliEnvironment } from './cliEnvironment.ts';
import { modelFetchCommand } from './modelFetchCommand.ts';
import { modelImportCommand } from './modelImportCommand.ts';
import { modelInfoCommand } from './modelInfoCommand.ts';
import { modelListCommand } from './modelListCommand.ts';
import { modelVerifyCommand } from './modelVerifyCommand.ts';

/** `model`: the packages on this machine. */
export function modelCommand(environment: CliEnvironment): Command {
  return new Command('model')
    .description('fetch, import and check model packages')
    .addCommand(modelFetchCommand(environment))
    .addCommand(modelImportCommand(environment))
    .addCommand(modelVerifyCommand(environment))
    .addCommand(modelInfoCommand(environment))
    .addCommand(modelListCommand(environment));
}
