import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { Device } from '../inference/protocol.ts';
import { DEVICES } from '../inference/protocol.ts';
import { DEFAULT_MODEL_ID } from '../model/catalogue.ts';
import { chooseQuantization, QUANTIZATION_CHOICES } from '../model/chooseQuantization.ts';
import type { Quantization } from '../model/manifest.ts';
import { SETTINGS } from '../settings/settings.ts';

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  /** A model's id or a package folder. */
  readonly model: string;
  readonly device: Device;
  /** 0 chooses by the number of cores. */
  readonly threads: number;
  /** What was chosen, once the command runs; `auto` only on the command line. */
  readonly quantization: Quantization;
  /** One JSON document on stdout and nothing else there. */
  readonly json: boolean;
  /** The worker's log on stderr. */
  readonly verbose: boolean;
}

export function globalOptions(): readonly Option[] {
  return [
    new Option('--model <id|dir>', 'model id or package folder').default(DEFAULT_MODEL_ID),
    new Option('--device <device>', 'where the model runs').choices(DEVICES).default('auto'),
    new Option('--threads <count>', 'processor threads, 0 for automatic')
      .argParser(wholeNumber(...SETTINGS.threads.range!))
      .default(SETTINGS.threads.default),
    new Option('--quantization <kind>', 'precision of the package that belongs to a model id')
      .choices(QUANTIZATION_CHOICES)
      .default(SETTINGS.quantization.default),
    new Option('--json', 'print one JSON document and nothing else').default(false),
    new Option('--verbose', "show the worker's log on stderr").default(false),
  ];
}

/** Has `--quantization auto` mean what it does on this machine before a command runs. */
export function settleQuantization(program: Command): void {
  const { quantization, device } = program.opts();
  program.setOptionValue('quantization', chooseQuantization(quantization, { device, architecture: process.arch }));
}

/** A commander parser for whole numbers inside a range, both ends included. */
export function wholeNumber(low: number, high: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
  return (text) => {
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= low && value <= high)) {
      throw new InvalidArgumentError(`Expected a whole number ${range}.`);
    }
    return value;
  };
}

/** A commander parser for numbers inside a range, both ends included. */
export function decimalNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= low && value <= high)) {
      throw new InvalidArgumentError(`Expected a number from ${low} to ${high}.`);
    }
    return value;
  };
}
