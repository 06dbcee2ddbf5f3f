import { Grammars } from '../grammars/grammars.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { machineTime } from './replayClock.ts';

/** The grammars that the editor has, without its limit of time, so that a measurement comes out the same on any machine. */
export function cliGrammars({ root }: CliEnvironment): Grammars {
  return new Grammars({ root, logger: { debug: () => undefined }, clock: machineTime });
}
