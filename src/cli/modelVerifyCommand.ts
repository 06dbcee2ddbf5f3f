import { Command } from 'commander';
import { verifyPackage } from '../model/openPackage.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure } from './cliError.ts';
import { createShareCounter } from './counter.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { writeJson, writeLines } from './output.ts';
import { packageBytes } from './packageBytes.ts';
import { resolveModelDirectory } from './resolveModel.ts';

/** `model verify`: reads every file of a package and compares it with the manifest's hashes; fails with the file's name. */
export function modelVerifyCommand(environment: CliEnvironment): Command {
  return new Command('verify')
    .description('check every file of a package against its manifest')
    .argument('[id|dir]', 'package folder or model id (default: --model)')
    .action((model: string | undefined, _own: unknown, command: Command) =>
      verify(environment, model, command.optsWithGlobals<GlobalOptions>()),
    );
}

async function verify(environment: CliEnvironment, model: string | undefined, options: GlobalOptions): Promise<void> {
  const directory = await resolveModelDirectory(environment.root, model ?? options.model, options.quantization);
  const counter = createShareCounter('checking the files');
  const verified = await verifyPackage(directory, {
    onProgress: counter.update,
    signal: environment.interrupt,
  }).finally(counter.finish);
  if (!verified.ok) {
    throw new CommandFailure(verified.error);
  }
  const { manifest } = verified.value;
  const { id, quantization } = manifest;
  const bytes = packageBytes(manifest);
  if (options.json) {
    writeJson({ id, quantization, dir: directory, ok: true, bytes });
    return;
  }
  writeLines([`${directory} is a whole package of ${id} (${quantization}), ${(bytes / 1e6).toFixed(0)} MB`]);
}
