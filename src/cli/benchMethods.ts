/** Which draft methods a benchmark runs, and why it leaves some out. */
import { InvalidArgumentError } from 'commander';
import type { DraftMethod } from '../engine/draft/drafter.ts';
import { DRAFT_METHODS } from '../engine/draft/drafter.ts';
import type { LoadedModelInfo } from '../inference/protocol.ts';

/** Every method, the baseline first. */
export const BENCH_METHODS: readonly DraftMethod[] = ['off', 'lookup', 'medusa', 'mtp', 'auto'];

/** A commander parser for names with commas between them; `off`, the baseline, is always first in the result. */
export function parseMethods(text: string): readonly DraftMethod[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(DRAFT_METHODS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const allowed = BENCH_METHODS.join(', ');
    throw new InvalidArgumentError(
      `There is no method "${unknown}"; give some of ${allowed}, with commas between them.`,
    );
  }
  return [...new Set<DraftMethod>(['off', ...(names as DraftMethod[])])];
}

/** Reasons, by method, why a wanted method does not run on the loaded model. */
export type Unavailable = Readonly<Partial<Record<DraftMethod, string>>>;

/** The wanted methods that the loaded model does not offer. */
export function unavailableMethods({ availableMethods }: LoadedModelInfo, wanted: readonly DraftMethod[]): Unavailable {
  const missing = wanted.filter((method) => !availableMethods.includes(method));
  return Object.fromEntries(missing.map((method) => [method, describeMissing(method)]));
}

function describeMissing(method: DraftMethod): string {
  const needsHeads = method === 'medusa' || method === 'mtp';
  return needsHeads ? `the model's package has no ${method} heads` : `the loaded model cannot draft with ${method}`;
}
