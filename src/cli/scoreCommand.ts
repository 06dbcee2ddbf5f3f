import { Command } from 'commander';
import type { CliEnvironment } from './cliEnvironment.ts';
import { createCounter } from './counter.ts';
import { withEngine } from './engineSession.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { wholeNumber } from './globalOptions.ts';
import { writeJson, writeLines } from './output.ts';
import { readTextFile } from './readTextFile.ts';

interface ScoreOptions extends GlobalOptions {
  readonly window: number;
}

/** `score`: cross-entropy of files under the model, to compare packages of one model; a measurement, not for daily use. */
export function scoreCommand(environment: CliEnvironment): Command {
  return new Command('score')
    .description('measurement: cross-entropy of files under the model, in nats per token')
    .argument('<file...>', 'text files, UTF-8')
    .option('--window <tokens>', 'tokens per window, each from an empty context', wholeNumber(2, 8192), 512)
    .action((files: readonly string[], _own: unknown, command: Command) =>
      score(environment, files, command.optsWithGlobals<ScoreOptions>()),
    );
}

async function score(environment: CliEnvironment, files: readonly string[], options: ScoreOptions): Promise<void> {
  const texts: string[] = [];
  for (const file of files) {
    texts.push((await readTextFile(file)).replaceAll('\r\n', '\n'));
  }
  await withEngine(environment, { ...options, measurements: 'fresh' }, async ({ client, model }) => {
    const counter = createCounter('files', files.length);
    const scores: { readonly file: string; readonly tokens: number; readonly nats: number }[] = [];
    for (const [index, text] of texts.entries()) {
      scores.push({ file: files[index]!, ...(await client.score({ text, windowTokens: options.window })) });
      counter.update(index + 1);
    }
    counter.finish();
    const tokens = scores.reduce((sum, file) => sum + file.tokens, 0);
    const nats = tokens === 0 ? 0 : scores.reduce((sum, file) => sum + file.tokens * file.nats, 0) / tokens;
    if (options.json) {
      writeJson({
        model: model.id,
        quantization: model.quantization,
        windowTokens: options.window,
        tokens,
        nats,
        files: scores,
      });
      return;
    }
    writeLines([`${model.id} ${model.quantization}: ${nats.toFixed(4)} nats per token over ${tokens} tokens`]);
  });
}
