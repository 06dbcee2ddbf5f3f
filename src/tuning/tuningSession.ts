import type { CompletionParameters, CompletionResult, LoadedModelInfo } from '../inference/protocol.ts';
import { liveStatistics } from './liveStatistics.ts';
import type { PanelRequest } from './panelMessages.ts';
import type {
  BenchmarkResult,
  BenchmarkSource,
  EngineFacts,
  PanelState,
  RequestName,
  RunState,
  SuggestionView,
  TrialResult,
} from './panelState.ts';
import type { ComparisonEnd } from './replay/compareVariants.ts';
import { compareVariants } from './replay/compareVariants.ts';
import { recommendMethod } from './replay/recommendMethod.ts';
import { sampleRequests } from './replay/sampleRequests.ts';
import type { VariantFigures } from './replay/variantFigures.ts';
import { variantFigures } from './replay/variantFigures.ts';
import type { PastRequest, RequestHistory } from './requestHistory.ts';
import type { TuningSettings } from './tuningSettings.ts';
import { isSameTuning, tuningSettingsOf } from './tuningSettings.ts';

export interface TuningSessionParts {
  readonly history: RequestHistory;
  /** The model that is loaded; undefined while there is none. */
  readonly loadedModel: () => LoadedModelInfo | undefined;
  readonly describeEngine: () => EngineFacts;
  readonly readSettings: () => TuningSettings & { readonly maxTokens: number };
  readonly writeSettings: (settings: Partial<TuningSettings>) => Promise<void>;
  /** Completes for an experiment, until `stop` is called. */
  readonly openEngine: () => ExperimentEngine;
  readonly openSettings: () => void;
  readonly onChange: () => void;
}

export interface ExperimentEngine {
  complete(parameters: CompletionParameters): Promise<CompletionResult>;
  stop(): void;
}

/** The newest requests of a trial or a benchmark: more would say little more and take minutes. */
const MAX_REPLAYED = 8;
const REPEATS = 3;

/** The panel's state and what its user does to it; outlives the page, which can be thrown away at any time. */
export class TuningSession {
  private readonly parts: TuningSessionParts;
  /** Undefined: the newest request, whichever that is. */
  private shownNumber: number | undefined;
  /** Undefined: the step that shows most. */
  private shownStep: number | undefined;
  /** Undefined: as the settings are. */
  private choices: TuningSettings | undefined;
  private trial: RunState<TrialResult> = { kind: 'idle' };
  private source: BenchmarkSource = 'both';
  private benchmark: RunState<BenchmarkResult> = { kind: 'idle' };
  private engine: ExperimentEngine | undefined;
  private experiments = 0;

  constructor(parts: TuningSessionParts) {
    this.parts = parts;
  }

  get state(): PanelState {
    const { history } = this.parts;
    const settings = this.parts.readSettings();
    const shown = history.requests.find(({ number }) => number === this.shownNumber) ?? history.requests.at(-1);
    return {
      engine: this.parts.describeEngine(),
      settings,
      live: liveStatistics(history.figures, history.events),
      requests: history.requests.map(nameOf).reverse(),
      suggestion: shown && this.viewOf(shown),
      trial: {
        choices: this.choices ?? settings,
        requests: Math.min(history.requests.length, MAX_REPLAYED),
        run: this.trial,
      },
      benchmark: { source: this.source, run: this.benchmark },
    };
  }

  async handle(request: Exclude<PanelRequest, { kind: 'ready' }>): Promise<void> {
    switch (request.kind) {
      case 'show-request': {
        const isNewest = request.number === this.parts.history.requests.at(-1)?.number;
        this.shownNumber = isNewest ? undefined : request.number;
        this.shownStep = undefined;
        break;
      }
      case 'show-step':
        this.shownStep = request.step;
        break;
      case 'set-trial':
        this.choices = { ...(this.choices ?? tuningSettingsOf(this.parts.readSettings())), ...request.changes };
        break;
      case 'set-benchmark':
        this.source = request.source;
        break;
      case 'trial-start':
        return this.runTrial();
      case 'benchmark-start':
        return this.runBenchmark();
      case 'trial-cancel':
      case 'benchmark-cancel':
        this.engine?.stop();
        break;
      case 'trial-apply':
        await this.applyChoices();
        break;
      case 'benchmark-apply':
        await this.applyRecommendation();
        break;
      case 'open-settings':
        this.parts.openSettings();
        return;
    }
    this.parts.onChange();
  }

  /** A new request is shown at its own best step, not at the step that an older one was left at. */
  noteRequest(): void {
    if (this.shownNumber === undefined) {
      this.shownStep = undefined;
    }
    this.parts.onChange();
  }

  dispose(): void {
    this.engine?.stop();
  }

  private async runTrial(): Promise<void> {
    const present = this.parts.readSettings();
    const tried = this.choices ?? present;
    const requests = this.lastRequests();
    const variants = isSameTuning(present, tried) ? [present] : [present, tried];
    await this.run(requests, variants, 'learned', (state) => {
      this.trial = mapRun(state, (figures) => ({ present: figures[0]!, tried: figures.at(-1)! }));
    });
  }

  private async runBenchmark(): Promise<void> {
    const settings = this.parts.readSettings();
    const model = this.parts.loadedModel();
    const requests = [
      ...(this.source === 'samples' ? [] : this.lastRequests()),
      ...(this.source === 'requests' ? [] : sampleRequests(settings)),
    ];
    // `off` is what the others are compared with, and so the first.
    const methods = [...(model?.availableMethods ?? [])].sort(
      (left, right) => Number(right === 'off') - Number(left === 'off'),
    );
    const variants = methods.map((draftMethod) => ({ ...settings, draftMethod }));
    await this.run(requests, variants, 'fresh', (state) => {
      this.benchmark = mapRun(state, (figures) => ({
        model: model === undefined ? '' : `${model.id}, ${model.quantization}`,
        device: model?.device ?? '',
        threads: model?.threads ?? 0,
        methods: figures,
        recommendation: recommendMethod(figures),
      }));
    });
  }

  private async run(
    requests: readonly CompletionParameters[],
    variants: readonly TuningSettings[],
    startsFrom: 'learned' | 'fresh',
    show: (state: RunState<readonly VariantFigures[]>) => void,
  ): Promise<void> {
    if (this.engine !== undefined) {
      return;
    }
    const report = (state: RunState<readonly VariantFigures[]>): void => {
      show(state);
      this.parts.onChange();
    };
    const engine = this.parts.openEngine();
    this.engine = engine;
    report({ kind: 'running', share: 0 });
    const experiment = { id: `experiment ${++this.experiments}`, startsFrom };
    try {
      const end = await compareVariants(
        { requests, variants, repeats: REPEATS, experiment },
        (parameters) => engine.complete(parameters),
        (share) => report({ kind: 'running', share }),
      );
      report(endOf(end, variants));
    } catch (error) {
      report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    } finally {
      engine.stop();
      this.engine = undefined;
      this.parts.onChange();
    }
  }

  private lastRequests(): readonly CompletionParameters[] {
    return this.parts.history.requests.slice(-MAX_REPLAYED).map(({ parameters }) => parameters);
  }

  /** Writes what differs only: a setting that is not written goes on following its default. */
  private async applyChoices(): Promise<void> {
    const present = this.parts.readSettings();
    const changed = Object.entries(this.choices ?? {}).filter(
      ([name, value]) => present[name as keyof TuningSettings] !== value,
    );
    await this.parts.writeSettings(Object.fromEntries(changed));
    this.choices = undefined;
  }

  private async applyRecommendation(): Promise<void> {
    const method = this.benchmark.kind === 'done' ? this.benchmark.result.recommendation?.method : undefined;
    if (method !== undefined) {
      await this.parts.writeSettings({ draftMethod: method });
      this.choices = undefined;
    }
  }

  private viewOf(request: PastRequest): SuggestionView {
    const { trace, text } = request.generated;
    const steps = trace?.steps ?? [];
    const wanted = this.shownStep ?? mostTellingStep(steps);
    return {
      request: nameOf(request),
      method: request.generated.perStep[0]?.method ?? request.parameters.draftMethod,
      isShown: request.isShown,
      steps,
      typedChars: trace?.typedChars ?? 0,
      textChars: text.length,
      step: Math.min(wanted, Math.max(0, steps.length - 1)),
    };
  }
}

/** The step that accepted most, of equal ones the one that drafted most, of these the first. */
function mostTellingStep(steps: SuggestionView['steps']): number {
  const worth = ({ nodes }: SuggestionView['steps'][number]): number =>
    nodes.length + 100 * nodes.filter(({ isAccepted }) => isAccepted).length;
  return steps.reduce((best, step, index) => (worth(step) > worth(steps[best]!) ? index : best), 0);
}

function nameOf({ number, time, where }: PastRequest): RequestName {
  return { number, time, document: where.document, line: where.line + 1 };
}

function endOf(end: ComparisonEnd, variants: readonly TuningSettings[]): RunState<readonly VariantFigures[]> {
  switch (end.kind) {
    case 'compared':
      return { kind: 'done', result: variantFigures(end.requests, variants) };
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'failed':
      return end;
  }
}

function mapRun<From, To>(state: RunState<From>, map: (result: From) => To): RunState<To> {
  return state.kind === 'done' ? { kind: 'done', result: map(state.result) } : state;
}
