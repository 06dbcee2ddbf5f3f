import type { Device } from '../inference/protocol.ts';
import type { Quantization } from './manifest.ts';
import { QUANTIZATIONS } from './manifest.ts';

export const QUANTIZATION_CHOICES = ['auto', ...QUANTIZATIONS] as const;
export type QuantizationChoice = (typeof QUANTIZATION_CHOICES)[number];

export interface Machine {
  readonly device: Device;
  /** As Node names it: `x64`, `arm64`, … */
  readonly architecture: string;
}

/**
 * What a choice means on a machine. `auto` takes whole numbers on x64 processors, where they read a prompt twice as fast as `q8`
 * without VNNI (BENCHMARKS.md) and 1.2 to 1.6 times as fast with it, and `q8` on graphics processors, which lack the operator,
 * and on ARM, where nobody has measured it yet.
 */
export function chooseQuantization(choice: QuantizationChoice, { device, architecture }: Machine): Quantization {
  if (choice !== 'auto') {
    return choice;
  }
  return (device === 'auto' || device === 'cpu') && architecture === 'x64' ? 'w8a8' : 'q8';
}
