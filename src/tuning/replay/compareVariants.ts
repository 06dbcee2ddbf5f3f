import type { CompletionParameters, CompletionResult, Experiment, GeneratedText } from '../../inference/protocol.ts';
import type { TuningSettings } from '../tuningSettings.ts';

export interface Comparison {
  readonly requests: readonly CompletionParameters[];
  /** The first is what the others are compared with. */
  readonly variants: readonly TuningSettings[];
  /** Runs of each variant at each request. */
  readonly repeats: number;
  readonly experiment: Experiment;
}

/** A request with the runs of each variant, in the order of the variants. */
export interface ComparedRequest {
  /** Index into the requests that were given; those that do not fit the model are left out. */
  readonly index: number;
  readonly runs: readonly (readonly GeneratedText[])[];
}

export type ComparisonEnd =
  | { readonly kind: 'compared'; readonly requests: readonly ComparedRequest[] }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly message: string };

/** The document of all experiments: their cache, which no editor's request needs. */
const DOCUMENT_ID = 'foretoken:experiment';

/**
 * Runs every variant on every request, in turn, as typing would find them: with the prompt read beforehand, so that a run costs
 * the last prompt token and decoding. No run is drafted from by a later one.
 *
 * `onProgress` hears the share that is done, 0–1.
 */
export async function compareVariants(
  comparison: Comparison,
  complete: (parameters: CompletionParameters) => Promise<CompletionResult>,
  onProgress: (share: number) => void,
): Promise<ComparisonEnd> {
  const { requests, variants, repeats } = comparison;
  const compared: ComparedRequest[] = [];
  for (const [index, request] of requests.entries()) {
    const runs = variants.map((): GeneratedText[] => []);
    const jobs = [readPrompt(request), ...turns(variants.length, index, repeats)];
    for (const [job, work] of jobs.entries()) {
      const parameters = typeof work === 'number' ? withVariant(request, variants[work]!, comparison.experiment) : work;
      const result = await complete(parameters);
      if (result.kind === 'prompt-too-long') {
        runs.length = 0;
        break;
      }
      if (result.kind !== 'generated') {
        return endOf(result);
      }
      if (typeof work === 'number') {
        runs[work]!.push(result.generated);
      }
      onProgress((index + (job + 1) / jobs.length) / requests.length);
    }
    if (runs.length > 0) {
      compared.push({ index, runs });
    }
  }
  return { kind: 'compared', requests: compared };
}

/** Indices of variants, every one once a round; who goes first turns, since going first may cost or pay. */
function turns(variants: number, request: number, repeats: number): readonly number[] {
  return Array.from({ length: variants * repeats }, (_, turn) => {
    const round = Math.floor(turn / variants);
    return (turn + round + request) % variants;
  });
}

/** The first token comes with the prefill, so a budget of one is the prefill alone. */
function readPrompt(request: CompletionParameters): CompletionParameters {
  return { ...replayed(request), draftMethod: 'off', maxTokens: 1 };
}

function withVariant(
  request: CompletionParameters,
  variant: TuningSettings,
  experiment: Experiment,
): CompletionParameters {
  return { ...replayed(request), ...variant, experiment };
}

/** Without what would let the speed decide how much is written. */
function replayed(request: CompletionParameters): CompletionParameters {
  return {
    ...request,
    documentId: DOCUMENT_ID,
    deadlineMs: 0,
    firstTextMs: 0,
    isIdle: false,
    remember: false,
    trace: false,
  };
}

function endOf(result: Exclude<CompletionResult, { kind: 'generated' | 'prompt-too-long' }>): ComparisonEnd {
  switch (result.kind) {
    case 'cancelled':
    case 'superseded':
      return { kind: 'cancelled' };
    case 'not-loaded':
      return { kind: 'failed', message: 'no model is loaded' };
    case 'failed':
      return { kind: 'failed', message: result.message };
  }
}
