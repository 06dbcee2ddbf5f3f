import { Command } from 'commander';
import type { ModelManifest } from '../model/manifest.ts';
import { openPackage, packageFiles } from '../model/openPackage.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure } from './cliError.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { alignColumns, writeJson, writeLines } from './output.ts';
import { packageBytes } from './packageBytes.ts';
import { resolveModelDirectory } from './resolveModel.ts';

/** `model info`: what a package's manifest says. */
export function modelInfoCommand(environment: CliEnvironment): Command {
  return new Command('info')
    .description('show what a package holds')
    .argument('[id|dir]', 'package folder or model id (default: --model)')
    .action((model: string | undefined, _own: unknown, command: Command) =>
      showInfo(environment, model, command.optsWithGlobals<GlobalOptions>()),
    );
}

async function showInfo(environment: CliEnvironment, model: string | undefined, options: GlobalOptions): Promise<void> {
  const directory = await resolveModelDirectory(environment.root, model ?? options.model, options.quantization);
  const opened = await openPackage(directory);
  if (!opened.ok) {
    throw new CommandFailure(opened.error);
  }
  const { manifest } = opened.value;
  if (options.json) {
    writeJson({ dir: directory, bytes: packageBytes(manifest), ...manifest });
    return;
  }
  writeLines(describe(manifest, directory));
}

function describe(manifest: ModelManifest, directory: string): readonly string[] {
  const { shape, provenance } = manifest;
  return [
    ...alignColumns([
      ['model', `${manifest.id} (${manifest.architecture}, ${manifest.quantization})`],
      ['folder', directory],
      ['size', `${(packageBytes(manifest) / 1e6).toFixed(0)} MB`],
      ['shape', `${shape.layers} layers, hidden ${shape.hidden}, vocabulary ${shape.vocabulary}`],
      ['context', `${shape.contextLength} tokens`],
      ['draft heads', manifest.heads.length === 0 ? 'none' : String(manifest.heads.length)],
      ['licence', manifest.licence],
      ['built from', `${provenance.source} (SHA-256 ${provenance.sourceSha256}) by ${provenance.builder}`],
    ]),
    '',
    ...alignColumns(packageFiles(manifest).map(({ name, bytes, sha256 }) => [name, String(bytes), sha256])),
  ];
}
