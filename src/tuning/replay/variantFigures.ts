import type { GeneratedText } from '../../inference/protocol.ts';
import type { TuningSettings } from '../tuningSettings.ts';
import type { ComparedRequest } from './compareVariants.ts';

/** What one variant did, over all requests; of its runs at a request the one with the median time stands for all. */
export interface VariantFigures {
  readonly variant: TuningSettings;
  readonly requests: number;
  /** Undefined where no request took a decode step. */
  readonly tokensPerForward: number | undefined;
  readonly tokensPerSecond: number | undefined;
  /** Median over requests of the time from the read prompt to the whole text. */
  readonly medianMs: number | undefined;
  /** Geometric mean over requests of milliseconds per token of the first variant over this one's. */
  readonly speedup: number | undefined;
  /** Requests in which it was faster than the first variant, of those that have a ratio. */
  readonly fasterIn: number;
  readonly ratios: number;
  /** Drafted tokens that were verified after accepted ones only, and those of them that stood. */
  readonly tested: number;
  readonly accepted: number;
  /** Requests whose text differs from the first variant's. */
  readonly changed: readonly ChangedText[];
}

export interface ChangedText {
  readonly index: number;
  readonly before: string;
  readonly after: string;
}

export function variantFigures(
  requests: readonly ComparedRequest[],
  variants: readonly TuningSettings[],
): readonly VariantFigures[] {
  return variants.map((variant, which) => {
    const own = requests.map(({ runs }) => medianRun(runs[which]!));
    const first = requests.map(({ runs }) => medianRun(runs[0]!));
    const steps = own.flatMap(({ perStep }) => perStep);
    const written = sum(own.map(writtenTokens));
    const ratios = own.flatMap((run, at) => {
      const ratio = msPerToken(first[at]!) / msPerToken(run);
      return Number.isFinite(ratio) && ratio > 0 ? [ratio] : [];
    });
    const tested = steps.flatMap(({ nodes }) =>
      nodes.filter(({ parent }) => parent === -1 || nodes[parent]!.isAccepted),
    );
    return {
      variant,
      requests: own.length,
      tokensPerForward: steps.length === 0 ? undefined : written / steps.length,
      tokensPerSecond: written === 0 ? undefined : (1000 * written) / sum(own.map(decodeMs)),
      medianMs: own.length === 0 ? undefined : median(own.map(decodeMs)),
      speedup: ratios.length === 0 ? undefined : Math.exp(sum(ratios.map(Math.log)) / ratios.length),
      fasterIn: ratios.filter((ratio) => ratio > 1).length,
      ratios: ratios.length,
      tested: tested.length,
      accepted: tested.filter(({ isAccepted }) => isAccepted).length,
      changed: own.flatMap(({ text }, at) =>
        text === first[at]!.text ? [] : [{ index: requests[at]!.index, before: first[at]!.text, after: text }],
      ),
    };
  });
}

function medianRun(runs: readonly GeneratedText[]): GeneratedText {
  const sorted = [...runs].sort((left, right) => decodeMs(left) - decodeMs(right));
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

/** Everything but reading the prompt, which is the same for all variants. */
function decodeMs({ ms }: GeneratedText): number {
  return ms.total - ms.prefill;
}

/** Tokens that decode steps wrote, the stop token that a forward was paid for included. */
function writtenTokens({ perStep }: GeneratedText): number {
  return perStep.length + sum(perStep.map(({ accepted }) => accepted));
}

function msPerToken(run: GeneratedText): number {
  return decodeMs(run) / writtenTokens(run);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
