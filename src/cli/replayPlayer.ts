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
 * - **Jumping.** Before an edit in another file the editor's focus moves half-way between the two edits. That ends the request
 *   under way and, if no request is still with the engine, starts the prefill which the editor does on focus, at the place
 *   where the cursor was left (in a new file: where it will be); the first request ends that prefill. The first file's is over
 *   before the trace starts.
 *
 * The editor's own waits around a provider (VS Code asks no earlier than its measured debounce) are not part of it.
 */
import type { CancellationToken } from 'vscode-jsonrpc/node';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { CompletionParameters, CompletionResult, GeneratedText } from '../inference/protocol.ts';
import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import { refuseEvent } from '../pipeline/gate/refuseEvent.ts';
import type { NoSuggestion, NoSuggestionReason, Suggestion } from '../pipeline/postprocess/suggestion.ts';
import { noSuggestion } from '../pipeline/postprocess/suggestion.ts';
import type { RequestSettings } from '../pipeline/session/completionParameters.ts';
import type { SuggestionEvent } from '../pipeline/session/suggestionSession.ts';
import { prefillRequest, SuggestionSession, suggestionEvent } from '../pipeline/session/suggestionSession.ts';
import { CommandFailure } from './cliError.ts';
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
  /** Hears of each edit that was played. */
  readonly onPlayed: () => void;
}

export interface ReplaySettings extends RequestSettings {
  readonly delayMs: number;
  readonly suggestIn: Readonly<Record<string, boolean>>;
}

export interface PlayedTrace {
  readonly trace: Trace;
  readonly keystrokes: readonly PlayedKeystroke[];
  readonly prefills: readonly PlayedPrefill[];
}

export interface PlayedKeystroke {
  readonly edit: TraceEdit;
  readonly answer: KeystrokeAnswer;
  /** What the engine did; absent where it was not asked. `generated` only when it was answered in time. */
  readonly request?: { readonly isOvertaken: boolean; readonly generated?: GeneratedText };
}

export type KeystrokeAnswer =
  | { readonly kind: 'typed-along'; readonly suggestion: Suggestion }
  /** `latencyMs` from the keystroke on, the delay included. */
  | { readonly kind: 'generated'; readonly suggestion: Suggestion; readonly latencyMs: number }
  | { readonly kind: 'nothing'; readonly reason: NoSuggestionReason }
  | { readonly kind: 'overtaken' };

/** A prefill in idle time; `generated` is absent when a request ended it. */
export interface PlayedPrefill {
  readonly generated?: GeneratedText;
}

/** Plays one trace. Throws `CommandFailure` when the engine fails. */
export function playTrace(trace: Trace, parts: ReplayParts): Promise<PlayedTrace> {
  return new Player(trace, parts).play();
}

class Player {
  private readonly trace: Trace;
  private readonly parts: ReplayParts;
  private readonly session = new SuggestionSession();
  private readonly files: ReplayFiles;
  private readonly clock: ReplayClock;
  private readonly prefills: PlayedPrefill[] = [];
  private warming: CancellationTokenSource | undefined;
  private requestsUnderWay = 0;
  private failure: Error | undefined;

  constructor(trace: Trace, parts: ReplayParts) {
    this.trace = trace;
    this.parts = parts;
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
      if (before !== undefined && before.path !== edit.path) {
        await this.advanceTo(endOf(before, edit));
        this.focus(edit);
      }
      await this.advanceTo(edit.atMs);
      this.files.apply(edit);
      keystrokes.push(await this.playEdit(edit, endOf(edit, edits[index + 1])));
      this.parts.onPlayed();
    }
    this.warming?.cancel();
    await this.untilIdle();
    return { trace: this.trace, keystrokes, prefills: this.prefills };
  }

  private async playEdit(edit: TraceEdit, endMs: number): Promise<PlayedKeystroke> {
    const event = suggestionEvent(this.files.snapshot(edit.path, edit.cursor));
    const decision = this.decide(event);
    if (decision.kind === 'refuse') {
      return { edit, answer: { kind: 'nothing', reason: decision.refusal.reason } };
    }
    if (decision.kind === 'continue') {
      const { suggestion } = decision;
      return { edit, answer: endMs > edit.atMs ? { kind: 'typed-along', suggestion } : { kind: 'overtaken' } };
    }
    const sentAtMs = edit.atMs + this.parts.settings.delayMs;
    if (sentAtMs >= endMs) {
      return { edit, answer: { kind: 'overtaken' } };
    }
    await this.advanceTo(sentAtMs);
    return this.askEngine(edit, event, endMs);
  }

  private decide(event: SuggestionEvent): ReturnType<SuggestionSession['decide']> {
    const refusal = refuseFile(event.inDocument);
    return refusal === undefined
      ? this.session.decide(event, this.parts.settings.suggestIn)
      : { kind: 'refuse', refusal };
  }

  private async askEngine(edit: TraceEdit, event: SuggestionEvent, endMs: number): Promise<PlayedKeystroke> {
    this.warming?.cancel();
    let outcome: Suggestion | NoSuggestion = noSuggestion('cancelled');
    let generated: GeneratedText | undefined;
    let answeredAtMs = Number.POSITIVE_INFINITY;
    this.requestsUnderWay++;
    const source = this.send(this.buildRequest(event.snapshot), (result) => {
      this.requestsUnderWay--;
      answeredAtMs = this.clock.now();
      outcome = this.session.conclude(event, result);
      generated = result.kind === 'generated' ? result.generated : undefined;
    });
    await this.advanceTo(endMs);
    if (answeredAtMs >= endMs) {
      source.cancel();
      return { edit, answer: { kind: 'overtaken' }, request: { isOvertaken: true } };
    }
    const request = { isOvertaken: false, ...(generated === undefined ? {} : { generated }) };
    return { edit, answer: toAnswer(outcome, answeredAtMs - edit.atMs), request };
  }

  /** The prefill that the editor does when a file gets the focus, unless a request is still with the engine. */
  private focus({ path, offset }: TraceEdit): void {
    this.files.activate(path);
    const snapshot = this.files.snapshot(path, this.files.cursorOf(path) ?? offset);
    if (this.requestsUnderWay > 0 || refuseFile(snapshot) !== undefined) {
      return;
    }
    this.warming?.cancel();
    this.warming = this.send(prefillRequest(this.buildRequest(snapshot)), (result) =>
      this.prefills.push(result.kind === 'generated' ? { generated: result.generated } : {}),
    );
  }

  private buildRequest(snapshot: DocumentSnapshot): CompletionParameters {
    return this.session.buildRequest(snapshot, this.parts.settings, this.files.othersByUse());
  }

  private send(
    parameters: CompletionParameters,
    onAnswer: (result: CompletionResult) => void,
  ): CancellationTokenSource {
    const source = new CancellationTokenSource();
    const work = this.parts.engine.complete(parameters, source.token).then(
      (result) => {
        if (result.kind === 'failed' || result.kind === 'not-loaded') {
          this.failure ??= new CommandFailure(
            `the engine failed while ${this.trace.name} was played: ${result.kind === 'failed' ? result.message : 'it has no model'}`,
          );
        } else {
          onAnswer(result);
        }
      },
      (error: unknown) => {
        this.failure ??= error instanceof Error ? error : new Error(String(error));
      },
    );
    this.clock.follow(work);
    return source;
  }

  private async advanceTo(ms: number): Promise<void> {
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

/** When the editor gives up a keystroke's request: at the next edit, or when the focus moves on its way to that. */
function endOf(edit: TraceEdit, next: TraceEdit | undefined): number {
  if (next === undefined) {
    return edit.atMs + PATIENCE_MS;
  }
  return next.path === edit.path ? next.atMs : (edit.atMs + next.atMs) / 2;
}

/** What the editor asks before it looks at the text; a trace is typed by hand into one place of a file. */
function refuseFile({ languageId, text }: DocumentSnapshot): NoSuggestion | undefined {
  return refuseEvent({
    isEnabled: true,
    isLanguageEnabled: true,
    languageId,
    scheme: 'file',
    documentChars: text.length,
    cursors: 1,
    isSnoozed: false,
    isExplicit: false,
    trigger: 'automatic',
  });
}

function toAnswer(outcome: Suggestion | NoSuggestion, latencyMs: number): KeystrokeAnswer {
  return outcome.kind === 'suggestion'
    ? { kind: 'generated', suggestion: outcome, latencyMs }
    : { kind: 'nothing', reason: outcome.reason };
}
