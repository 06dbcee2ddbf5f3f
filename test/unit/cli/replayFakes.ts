import type { CancellationToken } from 'vscode-jsonrpc/node';
import type { RealTime } from '../../../src/cli/replayClock.ts';
import type { ReplayParts } from '../../../src/cli/replayPlayer.ts';
import type { CompletionParameters, CompletionResult, GeneratedText } from '../../../src/inference/protocol.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';

/** Time that stands still while anything runs, and jumps to the next timer when nothing does. */
export class FakeTime implements RealTime {
  private atMs = 0;
  private timers: { readonly dueMs: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.atMs;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { dueMs: this.atMs + ms, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  async runUntil<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const settle = (): void => {
      isOver = true;
    };
    work.then(settle, settle);
    for (;;) {
      // Whatever can go on without time passing has gone on when this returns.
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver) {
        return work;
      }
      const next = this.timers.reduce<(typeof this.timers)[number] | undefined>(
        (first, timer) => (first === undefined || timer.dueMs < first.dueMs ? timer : first),
        undefined,
      );
      if (next === undefined) {
        throw new Error('the work waits for nothing that will come');
      }
      this.timers = this.timers.filter((timer) => timer !== next);
      this.atMs = next.dueMs;
      next.callback();
    }
  }
}

/** How the engine answers a request: `afterMs` of real time later, unless cancelled; then `lingerMs` after that. */
export interface FakeAnswer {
  readonly afterMs: number;
  readonly text?: string;
  readonly lingerMs?: number;
  /** The text comes although the request was cancelled. */
  readonly comesAnyway?: boolean;
  readonly failure?: string;
}

export interface SeenRequest {
  readonly parameters: CompletionParameters;
  readonly sentAtMs: number;
  cancelledAtMs?: number;
}

/** An engine that answers as it is told and notes what it was asked; work in idle time is `prefills`. */
export class FakeEngine {
  readonly requests: SeenRequest[] = [];
  readonly prefills: SeenRequest[] = [];
  private readonly time: FakeTime;
  private readonly answer: (parameters: CompletionParameters, index: number) => FakeAnswer;
  private readonly idle: FakeAnswer;

  constructor(
    time: FakeTime,
    answer: (parameters: CompletionParameters, index: number) => FakeAnswer,
    idle: FakeAnswer = { afterMs: 0 },
  ) {
    this.time = time;
    this.answer = answer;
    this.idle = idle;
  }

  complete(parameters: CompletionParameters, token: CancellationToken): Promise<CompletionResult> {
    const isPrefill = parameters.isIdle === true;
    const seen: SeenRequest = { parameters, sentAtMs: this.time.now() };
    const list = isPrefill ? this.prefills : this.requests;
    list.push(seen);
    const answer = isPrefill ? this.idle : this.answer(parameters, list.length - 1);
    const { afterMs, text = '', lingerMs = 0, comesAnyway = false, failure } = answer as FakeAnswer;
    return new Promise((resolve) => {
      const result: CompletionResult =
        failure === undefined
          ? { kind: 'generated', generated: generatedText({ text }) }
          : { kind: 'failed', message: failure };
      const stop = this.time.after(afterMs, () => resolve(result));
      token.onCancellationRequested(() => {
        seen.cancelledAtMs = this.time.now();
        if (!comesAnyway) {
          stop();
          this.time.after(lingerMs, () => resolve({ kind: 'cancelled', stage: 'decode' }));
        }
      });
    });
  }
}

export function generatedText(parts: Partial<GeneratedText>): GeneratedText {
  return {
    text: '',
    stopReason: 'line-end',
    tokens: 3,
    promptTokens: 100,
    freshTokens: 2,
    forwards: 3,
    meanLogProbability: -0.1,
    ms: { queued: 0, prefill: 1, draft: 0, verify: 2, total: 3 },
    perStep: [],
    ...parts,
  };
}

export function replayParts(engine: FakeEngine, time: FakeTime, delayMs: number): ReplayParts {
  return {
    window: 'test',
    engine,
    realTime: time,
    settings: {
      delayMs,
      quietness: 0,
      suggestIn: SETTINGS.suggestIn.default,
      maxTokens: 64,
      draftMethod: 'lookup',
      draftMaxTokens: 8,
      draftTree: false,
      acceptanceMode: 'exact',
      acceptanceThreshold: 0.1,
    },
    onPlayed: () => undefined,
  };
}
