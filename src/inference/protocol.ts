/**
 * Every message between the host (extension or command line) and the worker process.
 *
 * Transport: JSON-RPC 2.0 (`vscode-jsonrpc`) over the IPC channel that `child_process.fork` opens. The host calls `load`
 * once, then `complete`, `measure`, `clearCaches`, `memory` and `prepare` in any number; messages arrive in order, answers may not. The worker
 * answers every request, a superseded or cancelled one within one forward step; only when its process dies do requests
 * stay open, and then the client fails all of them with one reason. The worker exits when the channel closes.
 */
import type { AcceptanceMode } from '../engine/accept/acceptanceRule.ts';
import type { DraftMethod } from '../engine/draft/drafter.ts';
import type { VerifiedNode } from '../engine/draft/draftTree.ts';
import type { PromptText } from '../engine/tokenizer/tokenizePrompt.ts';
import type { GenerationTrace } from '../engine/trace.ts';
import type { Quantization } from '../model/manifest.ts';

export type { GenerationTrace, TracedNode, TracedStep } from '../engine/trace.ts';

/** Values of the setting `foretoken.device`. */
export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
export type Device = (typeof DEVICES)[number];

/** Method names, one place; the types of their parameters and results are below. */
export const METHODS = {
  /** Request: get and build a model's package, if it is not there. */
  prepare: 'model-prepare',
  /** Notification to the host while `prepare` runs. */
  prepareProgress: 'model-prepare-progress',
  /** Request: load a package. */
  load: 'model-load',
  /** Request: one completion. */
  complete: 'completion',
  /** Request: forward times of the loaded model. */
  measure: 'device-measure',
  /** Request: teacher-forced cross-entropy of a text under the loaded model. */
  score: 'text-score',
  /** Request: forget what was read of documents and what was learned about the loaded model. */
  clearCaches: 'caches-clear',
  /** Request: what the process takes; answered at once, whatever the engine does. */
  memory: 'memory-report',
  /** Notification to the host: a line for the log. */
  log: 'log',
} as const;

export interface PrepareParameters {
  readonly id: string;
  readonly quantization: Quantization;
  /** Folder that holds `models/<id>/model.json`. */
  readonly catalogueRoot: string;
  readonly allowDownload: boolean;
}

export interface PrepareProgress {
  readonly phase: 'search' | 'wait' | 'download' | 'verify' | 'build';
  /** Share of the phase that is done, 0–1. */
  readonly fraction: number;
  /** What is being read or written, for people. */
  readonly detail: string;
}

export type PrepareResult =
  | { readonly ok: true; readonly directory: string }
  | {
      readonly ok: false;
      /** `not-allowed`: the model is not on this machine and no download was allowed: the moment to ask the user. */
      readonly reason:
        | 'unknown-model'
        | 'not-allowed'
        | 'offline'
        | 'no-source'
        | 'cancelled'
        | 'damaged'
        | 'unsupported'
        | 'disk-full'
        | 'disk';
      readonly message: string;
    };

export interface LoadParameters {
  readonly directory: string;
  readonly device: Device;
  /** Threads of the CPU provider; 0 chooses by the number of cores. */
  readonly threads: number;
  /** Bytes that caches of documents may hold together. */
  readonly cacheBytes: number;
  /** Folder that keeps what was measured about this device; without it, it is measured at each load. */
  readonly measurementsDirectory?: string;
}

export interface LoadedModelInfo {
  readonly id: string;
  readonly quantization: Quantization;
  readonly device: Exclude<Device, 'auto'>;
  /** Why `device` is not the one asked for. */
  readonly fallback?: string;
  readonly threads: number;
  readonly contextLength: number;
  /** Draft methods that this package can run; others decode plainly. */
  readonly availableMethods: readonly DraftMethod[];
  /** How fast prompts are read, as measured; absent where it is not known. */
  readonly prefillTokensPerSecond?: number;
  readonly loadMs: number;
}

export type LoadResult =
  | { readonly ok: true; readonly model: LoadedModelInfo }
  | { readonly ok: false; readonly message: string };

/** Texts of a fill-in-the-middle prompt, line feeds only; `engine/tokenizer/tokenizePrompt.ts` says how they become token ids. */
export type Prompt = PromptText;

export interface CompletionParameters {
  /** Whose cache to use, and whose older request this one supersedes: a document, or one of the two caches it may have. */
  readonly documentId: string;
  readonly prompt: Prompt;
  readonly heal: boolean;
  readonly singleLine: boolean;
  readonly allowsCodeFence: boolean;
  /** Off: only stop tokens and the budget end the text. */
  readonly stopRules: boolean;
  readonly maxTokens: number;
  /** Milliseconds of the engine's time after which no further line is begun; none when absent or 0. */
  readonly deadlineMs?: number;
  /**
   * Milliseconds of the engine's time after which the beginning of the text is enough (stop reason `first-text`); the same request
   * without this goes on from there. None when absent or 0.
   */
  readonly firstTextMs?: number;
  /** Most lines with something on them, unless `stopRules` is off. Defaults to any number. */
  readonly maxLines?: number;
  readonly draftMethod: DraftMethod;
  readonly draftMaxTokens: number;
  /**
   * Whether a draft may branch. Rows of a branch that is not the first see their context in other places of the cache, which
   * changes sums in the last bits, so texts are equal up to near ties; chains are exact to the bit.
   */
  readonly draftTree: boolean;
  /** Drafted tokens less likely than this are not checked; never changes the text. Defaults to 0. */
  readonly draftStopConfidence?: number;
  readonly acceptanceMode: AcceptanceMode;
  readonly acceptanceThreshold: number;
  /** Draws the text from the model's distribution instead, exactly, whatever the acceptance mode: for alternatives. */
  readonly sampling?: { readonly temperature: number; readonly seed: number };
  /** Texts that drafts may be copied from, such as other open files, best first; the model does not see them. */
  readonly draftTexts: readonly string[];
  /** Off for measurements: drafts of later requests are not copied from this text, and it begins with nothing an overtaken request wrote. */
  readonly remember: boolean;
  /** Nobody waits for it: the prompt is read in small steps, so that a cancellation is seen soon. */
  readonly isIdle?: boolean;
  /** A cache that is of no use once this request is answered, since this one's takes its place. */
  readonly replacesCache?: string;
  /** Start from an empty cache; for measurements. */
  readonly cold?: boolean;
  /** The request tries something out, and what it shows must not be learned from. */
  readonly experiment?: Experiment;
  /** Whether the answer tells of every token (`GeneratedText.trace`). */
  readonly trace?: boolean;
}

/** Requests of one experiment share what is learned about drafts; it is thrown away when the next one begins. */
export interface Experiment {
  readonly id: string;
  /** `learned`: from a copy of what is known by now. `fresh`: from the cost of forwards alone. */
  readonly startsFrom: 'learned' | 'fresh';
}

export interface GeneratedText {
  readonly text: string;
  /** Why it ends where it ends. */
  readonly stopReason: string;
  readonly tokens: number;
  readonly promptTokens: number;
  readonly freshTokens: number;
  readonly forwards: number;
  /** Mean natural logarithm of the target model's probability per token. */
  readonly meanLogProbability: number;
  /** The same of the least likely token, and the sum over the first filled line; drafts make no difference to either. */
  readonly leastLogProbability?: number;
  readonly firstLineLogProbability?: number;
  readonly ms: {
    /** Waiting for an older request to leave the engine. */
    readonly queued: number;
    readonly prefill: number;
    readonly draft: number;
    readonly verify: number;
    readonly total: number;
  };
  readonly perStep: readonly {
    readonly drafted: number;
    readonly accepted: number;
    readonly method: DraftMethod;
    /** The draft as it was verified: parents first, `parent` -1 below the last known token. */
    readonly nodes: readonly VerifiedNode[];
  }[];
  readonly trace?: GenerationTrace;
}

export type CompletionResult =
  | { readonly kind: 'generated'; readonly generated: GeneratedText }
  | { readonly kind: 'superseded'; readonly stage: 'queued' | 'prefill' | 'decode' }
  | { readonly kind: 'cancelled'; readonly stage: 'queued' | 'prefill' | 'decode' }
  | { readonly kind: 'not-loaded' }
  | { readonly kind: 'prompt-too-long'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface MeasureParameters {
  /** Committed tokens before the measured rows. */
  readonly contextTokens: number;
  /** Rows per forward to time. */
  readonly rowCounts: readonly number[];
  readonly runs: number;
}

export interface MeasureResult {
  /** Median milliseconds of a forward, by rows. */
  readonly msPerForward: Readonly<Record<string, number>>;
  /** The same of the fastest run, which other programs on the machine disturbed least. */
  readonly fastestMsPerForward: Readonly<Record<string, number>>;
  readonly prefillTokensPerSecond: number;
  /** Resident bytes of the worker process. */
  readonly residentBytes: number;
}

export interface ScoreParameters {
  readonly text: string;
  /** Tokens per window; each window is scored from an empty context. */
  readonly windowTokens: number;
}

export interface ScoreResult {
  readonly tokens: number;
  /** Mean negative log-likelihood, nats per token. */
  readonly nats: number;
}

export interface ClearCachesResult {
  /** What the caches of documents held. */
  readonly freedBytes: number;
}

export interface MemoryResult {
  /** Resident bytes of the worker process. */
  readonly residentBytes: number;
}

export interface LogMessage {
  readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace';
  readonly message: string;
}
