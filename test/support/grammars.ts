import path from 'node:path';
import { Grammars } from '../../src/grammars/grammars.ts';

export const CHECKOUT = path.join(__dirname, '../..');

/** The real grammars, without a limit of time; `onDebug` hears what is logged. */
export function grammarsOfCheckout(root = CHECKOUT, onDebug: (line: string) => void = () => undefined): Grammars {
  return new Grammars({ root, logger: { debug: onDebug }, clock: { now: () => performance.now() } });
}
