/**
 * Plays a trace as the editor would answer it, and notes what came of every keystroke.
 *
 * - **Time.** The typist's time is virtual, the engine's is real: a request that is sent at s and takes d milliseconds of the
 *   machine is answered at s + d. Time in which the engine has nothing to do takes no time here (`replayClock.ts`).
 * - **Keystroke.** Every edit of the trace is one, a paste or an undo too. It is answered by the code that answers the editor
 *   (`suggestionSession.ts`): refused, answered by typing along what is shown, or sent to the engine after the delay.
 * - **Overtaken.** The next edit cancels what is under way: a request that is still waiting for its delay was never sent; one
 *   that is with the engine is cancelled there, at that moment in real time, and is *wasted*. The engine needs up to a forward
 *   to let go of it; a request that comes earlier waits in the engine's own queue, as it would in the editor. A text that comes
 *   all the same is remembered, as the editor does, and may serve a later keystroke by typing along.
 * - **Served.** A suggestion is there before the next edit; after the last edit, within two seconds. Typing along what is shown
 *   takes no time. Nothing is ever accepted: the typist types every character.
 * - **Jumping.** Before an edit in another file the editor's focus moves half-way between the two edits, to the place where the
 *   cursor was left (in a new file: where it will be); before an edit elsewhere in the same file the cursor moves there, at the
 *   same moment. Either ends the request under way.
 * - **Beginnings.** A suggestion that is shown before it is whole serves its keystroke; the rest comes by idle work and may serve
 *   later ones.
 * - **Idle work** (`idleWork.ts`) is what the editor does: after a suggestion the next one is prepared as if that were accepted;
 *   on focus, and once the cursor rests, the engine reads what stands around it. A request ends it; what it had read stays in
 *   the cache. The first file's is over before the trace starts.
 *
 * The editor's own waits around a provider (VS Code asks no earlier than its measured debounce) are not part of it.
 */
import type { CancellationToken } from 'vscode-jsonrpc/node';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { CompletionParameters, CompletionResult, GeneratedText } from '../inference/protocol.ts';
import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import type { NoSuggestion, NoSuggestionReason, Suggestion } from '../pipeline/postprocess/suggestion.ts';
import { noSuggestion } from '../pipeline/postprocess/suggestion.ts';
import { askSuggestion } from '../pipeline/session/askSuggestion.ts';
import type { IdleTask } from '../pipeline/session/idleWork.ts';
import { CURSOR_REST_MS, IdleWork } from '../pipeline/session/idleWork.ts';
import type { SessionOptions, SessionSettings, SuggestionEvent } from '../pipeline/session/suggestionSession.ts';
import { SuggestionSession, suggestionEvent } from '../pipeline/session/suggestionSession.ts';
import { CommandFailure } from './cliError.ts';
import { refuseFile } from './refuseFile.ts';
import type { RealTime } from './replayClock.ts';
import { ReplayClock } from './replayClock.ts';
import { ReplayFiles } from './replayFiles.ts';
import type { Trace, TraceEdit } from './replayTrace.ts';

/** How long the last edit's suggestion may take. */
const PATIENCE_MS = 2000;

export interface ReplayParts {
  /** Names this playing: one engine plays several traces, and the same path in two of them is not the same document. */
  readonly window: string;
  readonly engine: {
    readonly complete: (parameters: CompletionParameters, token: CancellationToken) => Promise<CompletionResult>;
  };
  readonly realTime: RealTime;
  readonly settings: ReplaySettings;
  /** As the loaded model says. */
  readonly prefillTokensPerSecond?: number | undefined;
  /** What is changed about the session, to measure what its parts are worth. */
  readonly session?: SessionOptions;
  /** Hears of each edit that was played. */
  readonly onPlayed: () => void;
}

export interface ReplaySettings extends SessionSettings {
  /** The longest, which the session may shorten. */
  readonly delayMs: number;
}

export interface PlayedTrace {
  readonly trace: Trace;
  readonly keystrokes: readonly PlayedKeystroke[];
  readonly idleTasks: readonly PlayedIdleTask[];
}

export interface PlayedKeystroke {
  readonly edit: TraceEdit;
  readonly answer: KeystrokeAnswer;
  /** Real time that the pipeline itself took, which the typist's clock does not count. */
  readonly pipelineMs: number;
  /** What the engine did; absent where it was not asked. `generated` only when it was answered in time. */
  readonly request?: { readonly isOvertaken: boolean; readonly generated?: GeneratedText };
}

export type KeystrokeAnswer =
  /** `isPrepared`: it was made in idle time for this place and is seen for the first time. */
  | { readonly kind: 'typed-along'; readonly suggestion: Suggestion; readonly isPrepared: boolean }
  /** `latencyMs` from the keystroke on, the delay included. */
  | { readonly kind: 'generated'; readonly suggestion: Suggestion; readonly latencyMs: number }
  | { readonly kind: 'nothing'; readonly reason: NoSuggestionReason }
  | { readonly kind: 'overtaken' };

/** Work in idle time; `generated` is absent when a request or better work ended it. */
export interface PlayedIdleTask {
  readonly kind: IdleTask['kind'];
  readonly generated?: GeneratedText;
}

/** Plays one trace. Throws `CommandFailure` when the engine fails. */
export function playTrace(trace: Trace, parts: ReplayParts): Promise<PlayedTrace> {
  return new Player(trace, parts).play();
}

class Player {
  private readonly trace: Trace;
  private readonly parts: ReplayParts;
  private readonly session: SuggestionSession;
  private readonly files: ReplayFiles;
  private readonly clock: ReplayClock;
  private readonly idleTasks: PlayedIdleTask[] = [];
  private readonly idleWork = new IdleWork({
    nextTask: () => this.nextIdleTask(),
    send: (request) => this.send(request),
    onResult: (task, result) => {
      this.idleTasks.push({ kind: task.kind, ...(result.kind === 'generated' ? { generated: result.generated } : {}) });
      this.session.concludeIdle(task, result, this.parts.settings.quietness);
    },
  });
  /** When the cursor will have rested; undefined when it does already. */
  private restsAtMs: number | undefined;
  private requestsUnderWay = 0;
  private isOver = false;
  private failure: Error | undefined;

  constructor(trace: Trace, parts: ReplayParts) {
    this.trace = trace;
    this.parts = parts;
    this.session = new SuggestionSession(parts.session);
    this.session.setPrefillSpeed(parts.prefillTokensPerSecond);
    this.files = new ReplayFiles(trace, parts.window);
    this.clock = new ReplayClock(parts.realTime, trace.edits[0]!.atMs);
  }

  async play(): Promise<PlayedTrace> {
    const { edits } = this.trace;
    const keystrokes: PlayedKeystroke[] = [];
    this.focus(edits[0]!);
    await this.untilIdle();
    for (const [index, edit] of edits.entries()) {
      const before = edits[index - 1];
      const move = before === undefined ? 'none' : moveBetween(before, edit);
      if (before !== undefined && move !== 'none') {
        await this.advanceTo(endOf(before, edit));
        if (move === 'file') {
          this.focus(edit);
        } else {
          this.moveCursor(edit);
        }
      }
      await this.advanceTo(edit.atMs);
      this.files.apply(edit);
      this.restsAtMs = edit.atMs + CURSOR_REST_MS;
      keystrokes.push(await this.playEdit(edit, endOf(edit, edits[index + 1])));
      this.parts.onPlayed();
    }
    this.isOver = true;
    this.idleWork.stop();
    await this.untilIdle();
    return { trace: this.trace, keystrokes, idleTasks: this.idleTasks };
  }

  private async playEdit(edit: TraceEdit, endMs: number): Promise<PlayedKeystroke> {
    const startMs = this.parts.realTime.now();
    const event = suggestionEvent(this.files.snapshot(edit.path, edit.cursor));
    this.session.noteKeystroke(edit.atMs);
    const decision = this.decide(event);
    const pipelineMs = this.parts.realTime.now() - startMs;
    if (decision.kind === 'refuse') {
      this.idleWork.run();
      return { edit, answer: { kind: 'nothing', reason: decision.refusal.reason }, pipelineMs };
    }
    if (decision.kind === 'continue') {
      this.idleWork.run();
      const { suggestion, account } = decision;
      const isPrepared = account !== undefined && !account.isGrown;
      const answer: KeystrokeAnswer =
        endMs > edit.atMs ? { kind: 'typed-along', suggestion, isPrepared } : { kind: 'overtaken' };
      return { edit, answer, pipelineMs };
    }
    const sentAtMs = edit.atMs + this.session.chooseDelay(this.parts.settings.delayMs);
    if (sentAtMs >= endMs) {
      return { edit, answer: { kind: 'overtaken' }, pipelineMs };
    }
    await this.advanceTo(sentAtMs);
    const buildStartMs = this.parts.realTime.now();
    const request = this.buildRequest(event.snapshot);
    const buildMs = this.parts.realTime.now() - buildStartMs;
    return { edit, pipelineMs: pipelineMs + buildMs, ...(await this.askEngine(edit, event, request, endMs)) };
  }

  private decide(event: SuggestionEvent): ReturnType<SuggestionSession['decide']> {
    const refusal = refuseFile(event.inDocument);
    return refusal === undefined
      ? this.session.decide(event, this.parts.settings.suggestIn)
      : { kind: 'refuse', refusal };
  }

  private async askEngine(
    edit: TraceEdit,
    event: SuggestionEvent,
    parameters: CompletionParameters,
    endMs: number,
  ): Promise<Pick<PlayedKeystroke, 'answer' | 'request'>> {
    this.idleWork.stop();
    let outcome: Suggestion | NoSuggestion = noSuggestion('cancelled');
    let generated: GeneratedText | undefined;
    let answeredAtMs = Number.POSITIVE_INFINITY;
    this.requestsUnderWay++;
    this.session.noteRequest();
    const { quietness } = this.parts.settings;
    const cancelled = new CancellationTokenSource();
    const ask = (request: CompletionParameters): Promise<CompletionResult> => this.send(request, cancelled).result;
    void askSuggestion(this.session, { event, request: parameters, quietness, isAutomatic: true, ask }).then(
      (answer) => {
        this.requestsUnderWay--;
        answeredAtMs = this.clock.now();
        outcome = answer.outcome;
        generated = answer.result.kind === 'generated' ? answer.result.generated : undefined;
        this.idleWork.run();
      },
    );
    await this.advanceTo(endMs);
    if (answeredAtMs >= endMs) {
      cancelled.cancel();
      return { answer: { kind: 'overtaken' }, request: { isOvertaken: true } };
    }
    const request = { isOvertaken: false, ...(generated === undefined ? {} : { generated }) };
    return { answer: toAnswer(outcome, answeredAtMs - edit.atMs), request };
  }

  /** A file gets the focus, and the engine reads around its cursor unless a request is still there. */
  private focus({ path, offset }: TraceEdit): void {
    this.files.activate(path);
    this.session.rest(this.files.snapshot(path, this.files.cursorOf(path) ?? offset));
    this.restsAtMs = undefined;
    this.idleWork.run();
  }

  private moveCursor({ path, offset, deleted }: TraceEdit): void {
    this.session.rest(this.files.snapshot(path, offset + deleted.length));
    this.restsAtMs = this.clock.now() + CURSOR_REST_MS;
  }

  private nextIdleTask(): IdleTask | undefined {
    if (this.requestsUnderWay > 0 || this.isOver || this.failure !== undefined) {
      return undefined;
    }
    return this.session.idleTask(this.parts.settings, this.files.othersByUse(), this.restsAtMs === undefined);
  }

  private buildRequest(snapshot: DocumentSnapshot): CompletionParameters {
    return this.session.buildRequest(snapshot, this.parts.settings, this.files.othersByUse());
  }

  private send(
    parameters: CompletionParameters,
    source = new CancellationTokenSource(),
  ): { readonly result: Promise<CompletionResult>; cancel(): void } {
    const result = this.parts.engine.complete(parameters, source.token).then(
      (answer) => {
        if (answer.kind === 'failed' || answer.kind === 'not-loaded') {
          this.failure ??= new CommandFailure(
            `the engine failed while ${this.trace.name} was played: ${answer.kind === 'failed' ? answer.message : 'it has no model'}`,
          );
        }
        return answer;
      },
      (error: unknown): CompletionResult => {
        this.failure ??= error instanceof Error ? error : new Error(String(error));
        return { kind: 'failed', message: this.failure.message };
      },
    );
    // Whoever waits for the result goes first, so that what they send at once keeps the clock running.
    this.clock.follow(
      result.then(async () => {
        await Promise.resolve();
      }),
    );
    return { result, cancel: () => source.cancel() };
  }

  private async advanceTo(ms: number): Promise<void> {
    const { restsAtMs } = this;
    if (restsAtMs !== undefined && restsAtMs < ms) {
      await this.clock.advanceTo(restsAtMs);
      this.restsAtMs = undefined;
      this.idleWork.run();
    }
    await this.clock.advanceTo(ms);
    this.throwFailure();
  }

  private async untilIdle(): Promise<void> {
    await this.clock.untilIdle();
    this.throwFailure();
  }

  private throwFailure(): void {
    if (this.failure !== undefined) {
      throw this.failure;
    }
  }
}

/** What the typist moves between two edits; an edit begins or, deleting backwards, ends where the one before left the cursor. */
function moveBetween(before: TraceEdit, edit: TraceEdit): 'none' | 'cursor' | 'file' {
  if (before.path !== edit.path) {
    return 'file';
  }
  const isThere = [edit.offset, edit.offset + edit.deleted.length].includes(before.cursor);
  return isThere ? 'none' : 'cursor';
}

/** When the editor gives up a keystroke's request: at the next edit, or when the focus or the cursor moves on its way to that. */
function endOf(edit: TraceEdit, next: TraceEdit | undefined): number {
  if (next === undefined) {
    return edit.atMs + PATIENCE_MS;
  }
  return moveBetween(edit, next) === 'none' ? next.atMs : (edit.atMs + next.atMs) / 2;
}

function toAnswer(outcome: Suggestion | NoSuggestion, latencyMs: number): KeystrokeAnswer {
  return outcome.kind === 'suggestion'
    ? { kind: 'generated', suggestion: outcome, latencyMs }
    : { kind: 'nothing', reason: outcome.reason };
}
