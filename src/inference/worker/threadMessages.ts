/**
 * Messages inside the worker process, between its main thread, which keeps reading the host's requests, and the engine
 * thread, whose event loop stands still during every forward. Structured clones over `MessagePort`; the engine answers each
 * request once, in order. A cancellation crosses through shared memory, because a message would only be read after the work.
 */
import type {
  ClearCachesResult,
  CompletionParameters,
  GeneratedText,
  LoadParameters,
  LoadResult,
  LogMessage,
  MeasureParameters,
  MeasureResult,
  ScoreParameters,
  ScoreResult,
} from '../protocol.ts';

export type EngineRequest =
  | { readonly kind: 'load'; readonly parameters: LoadParameters }
  | {
      readonly kind: 'complete';
      readonly parameters: CompletionParameters;
      /** One 32-bit integer; anything but zero means cancelled. */
      readonly cancelFlag: SharedArrayBuffer;
    }
  | { readonly kind: 'measure'; readonly parameters: MeasureParameters }
  | { readonly kind: 'score'; readonly parameters: ScoreParameters }
  | { readonly kind: 'clear-caches' };

export type EngineCompletion =
  | { readonly kind: 'generated'; readonly generated: Omit<GeneratedText, 'ms'> & { readonly ms: EngineTimes } }
  | { readonly kind: 'stopped'; readonly stage: 'queued' | 'prefill' | 'decode' }
  | { readonly kind: 'not-loaded' }
  | { readonly kind: 'prompt-too-long'; readonly message: string };

export type EngineTimes = Omit<GeneratedText['ms'], 'queued'>;

/** Result type by request kind. */
export interface EngineResults {
  readonly load: LoadResult;
  readonly complete: EngineCompletion;
  readonly measure: MeasureResult;
  readonly score: ScoreResult;
  readonly 'clear-caches': ClearCachesResult;
}

export type ToEngine = { readonly id: number; readonly request: EngineRequest };

export type FromEngine =
  | { readonly kind: 'answer'; readonly id: number; readonly result: EngineResults[keyof EngineResults] }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string }
  | { readonly kind: 'log'; readonly log: LogMessage };
