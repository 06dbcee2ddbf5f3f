/** All that the tuning panel shows; made by the host, drawn by the page. */
import type { DraftMethod } from '../engine/draft/drafter.ts';
import type { TracedStep } from '../inference/protocol.ts';
import type { LiveStatistics } from './liveStatistics.ts';
import type { Recommendation } from './replay/recommendMethod.ts';
import type { VariantFigures } from './replay/variantFigures.ts';
import type { TuningSettings } from './tuningSettings.ts';

export interface PanelState {
  readonly engine: EngineFacts;
  /** The settings in force for the window. */
  readonly settings: TuningSettings;
  readonly live: LiveStatistics;
  /** Newest first. */
  readonly requests: readonly RequestName[];
  readonly suggestion: SuggestionView | undefined;
  readonly trial: TrialState;
  readonly benchmark: BenchmarkState;
}

export interface EngineFacts {
  /** In words, in the user's language. */
  readonly description: string;
  readonly isReady: boolean;
  readonly device?: string;
  readonly threads?: number;
  /** Empty while no model is loaded. */
  readonly availableMethods: readonly DraftMethod[];
  readonly residentBytes?: number;
}

export interface RequestName {
  readonly number: number;
  readonly time: string;
  readonly document: string;
  /** As people count, from 1. */
  readonly line: number;
}

/** A request's trace, as far as it is stepped through. */
export interface SuggestionView {
  readonly request: RequestName;
  readonly method: DraftMethod;
  readonly isShown: boolean;
  readonly steps: readonly TracedStep[];
  readonly typedChars: number;
  /** Characters after those that stand for the suggestion as the engine ended it. */
  readonly textChars: number;
  /** Index into `steps`. */
  readonly step: number;
}

/** Something that runs for a while. */
export type RunState<Result> =
  | { readonly kind: 'idle' }
  /** `share`: 0–1. */
  | { readonly kind: 'running'; readonly share: number }
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly message: string };

export interface TrialState {
  readonly choices: TuningSettings;
  /** How many of the last requests are replayed. */
  readonly requests: number;
  readonly run: RunState<TrialResult>;
}

export interface TrialResult {
  readonly present: VariantFigures;
  readonly tried: VariantFigures;
}

/** What a benchmark replays. */
export const BENCHMARK_SOURCES = ['requests', 'samples', 'both'] as const;
export type BenchmarkSource = (typeof BENCHMARK_SOURCES)[number];

export interface BenchmarkState {
  readonly source: BenchmarkSource;
  readonly run: RunState<BenchmarkResult>;
}

export interface BenchmarkResult {
  readonly model: string;
  readonly device: string;
  readonly threads: number;
  /** `off` first. */
  readonly methods: readonly VariantFigures[];
  readonly recommendation: Recommendation | undefined;
}
