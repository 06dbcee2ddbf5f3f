import type { CompletionParameters, CompletionResult, GeneratedText } from '../../inference/protocol.ts';
import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { SelectedEntry } from '../context/insertSelectedEntry.ts';
import { insertSelectedEntry, untypedPart } from '../context/insertSelectedEntry.ts';
import { definitionsAmong, promptContext } from '../context/promptContext.ts';
import { SimilarTexts } from '../context/similarTexts.ts';
import { refuseAfterAccept } from '../gate/refuseAfterAccept.ts';
import type { QuietPlaces } from '../gate/refusePlace.ts';
import { refusePlace } from '../gate/refusePlace.ts';
import { TypingRhythm } from '../gate/typingRhythm.ts';
import { cleanCompletion } from '../postprocess/cleanCompletion.ts';
import { judgeConfidence } from '../postprocess/judgeConfidence.ts';
import type { NoSuggestion, Suggestion } from '../postprocess/suggestion.ts';
import { noSuggestion } from '../postprocess/suggestion.ts';
import { chooseExtent } from '../prompt/chooseExtent.ts';
import type { HistoryEntry, PreparationAccount } from '../reuse/suggestionHistory.ts';
import { SuggestionHistory } from '../reuse/suggestionHistory.ts';
import type { ShownSuggestion } from '../reuse/typeThrough.ts';
import { acceptedSuggestion, continueSuggestion } from '../reuse/typeThrough.ts';
import type { SourceParsers } from '../syntax/sourceParser.ts';
import { alternativeRequests, otherSuggestions } from './alternatives.ts';
import type { RequestSettings } from './completionParameters.ts';
import { completionParameters, withoutDeadline, withoutFirstText } from './completionParameters.ts';
import type { OpenText } from './draftTexts.ts';
import { draftTexts } from './draftTexts.ts';
import type { Feature } from './features.ts';
import type { IdleTask } from './idleWork.ts';
import { joinGenerated } from './joinGenerated.ts';
import { nextPlace } from './nextPlace.ts';
import type { OtherFiles, PlannedPrompt } from './promptPlans.ts';
import { PromptPlans } from './promptPlans.ts';

/** A place where a suggestion could stand, made by `suggestionEvent`. */
export interface SuggestionEvent {
  /** The document as it is. */
  readonly inDocument: DocumentSnapshot;
  readonly entry: SelectedEntry | undefined;
  /** The document with the selected entry of the suggestion list accepted; the same as `inDocument` without one. */
  readonly snapshot: DocumentSnapshot;
  /** The user asked for a suggestion, rather than typed. */
  readonly isExplicit: boolean;
}

export function suggestionEvent(
  inDocument: DocumentSnapshot,
  { entry, isExplicit = false }: { readonly entry?: SelectedEntry | undefined; readonly isExplicit?: boolean } = {},
): SuggestionEvent {
  const snapshot = entry === undefined ? inDocument : insertSelectedEntry(inDocument, entry);
  return { inDocument, entry, snapshot, isExplicit };
}

/** What is done about an event: nothing, at once from what is shown, or by a request to the engine. */
export type EventDecision =
  | { readonly kind: 'refuse'; readonly refusal: NoSuggestion }
  /** With an account nobody has seen it yet; it was made in idle time for whoever gets here. */
  | { readonly kind: 'continue'; readonly suggestion: Suggestion; readonly account?: PreparationAccount | undefined }
  | { readonly kind: 'request' };

/** A suggestion whose beginning was shown; without `is`, the whole turned out to be nothing to show. */
export interface GrownSuggestion {
  readonly was: ShownSuggestion;
  readonly is?: ShownSuggestion;
}

/** What a measurement may change; the editor has the defaults. */
export interface SessionOptions {
  readonly without?: ReadonlySet<Feature>;
  /** UTF-16 units of other files in a prompt; by the device's speed unless it is given. */
  readonly contextChars?: number | undefined;
  /** Grammars to check suggestions with. */
  readonly parsers?: SourceParsers | undefined;
}

/** The settings that a session asks for; `suggestIn` maps `comments`, `strings` and `prose` to on or off. */
export interface SessionSettings extends RequestSettings {
  readonly suggestIn: Readonly<Record<string, boolean>>;
  /** Per cent of confidence that a suggestion needs to be shown; 0 shows all. */
  readonly quietness: number;
}

/**
 * What is remembered from one event to the next, over all documents of a window: the suggestions of late, and each
 * document's prompt plan. The caller waits and talks to the engine, and asks in this order:
 * `decide`, then for a request `buildRequest` when it is sent and `conclude` when it is answered. In between, while the engine
 * has nothing to do, `idleTask` and `concludeIdle` (`idleWork.ts`).
 */
export class SuggestionSession {
  private readonly plans: PromptPlans;
  private readonly similarTexts = new SimilarTexts();
  private readonly rhythm = new TypingRhythm();
  private readonly without: ReadonlySet<Feature>;
  private readonly history: SuggestionHistory;
  private readonly parsers: SourceParsers | undefined;
  private shown: ShownSuggestion | undefined;
  /** The place of the last event, or where the cursor rests. */
  private here: DocumentSnapshot | undefined;
  /** The last place that the engine read to the end, in any document: its cache may lose others. */
  private readPlace: DocumentSnapshot | undefined;
  /** Where it goes on after `shown`; kept because the document may be large. */
  private next: { readonly shown: ShownSuggestion; readonly place: DocumentSnapshot } | undefined;
  private preparedPlace: DocumentSnapshot | undefined;
  /** What was shown before it was whole, with the request for the whole. */
  private unfinished:
    | {
        readonly entry: HistoryEntry;
        readonly event: SuggestionEvent;
        readonly request: CompletionParameters;
        readonly beginning: GeneratedText;
      }
    | undefined;

  constructor({ without = new Set(), contextChars, parsers }: SessionOptions = {}) {
    this.without = without;
    this.parsers = without.has('syntax') ? undefined : parsers;
    this.plans = new PromptPlans({ without, contextChars });
    this.history = new SuggestionHistory(this.without.has('history') ? 1 : undefined);
  }

  /** `suggestIn`: `comments`, `strings` and `prose` to on or off, as in the settings. */
  decide(event: SuggestionEvent, suggestIn: Readonly<Record<string, boolean>>): EventDecision {
    const { inDocument, snapshot, isExplicit } = event;
    this.here = inDocument;
    const continued = this.history.continueAt(snapshot);
    const isUnfinished = this.unfinished !== undefined && this.unfinished.entry === (continued?.entry ?? this.shown);
    // Whoever asks by command where a beginning is shown gets the whole.
    if (continued !== undefined && !(isUnfinished && isExplicit)) {
      const { suggestion, entry } = continued;
      this.shown = entry;
      const { account, ...seen } = entry;
      if (account !== undefined) {
        this.history.remember(seen);
      }
      return { kind: 'continue', suggestion, account };
    }
    const refusal =
      refusePlace(inDocument, quietPlaces(suggestIn), isExplicit) ??
      // A beginning that looks like a statement is none yet.
      (isUnfinished
        ? undefined
        : refuseAfterAccept(this.shown && acceptedSuggestion(this.shown, inDocument), inDocument, isExplicit));
    return refusal === undefined ? { kind: 'request' } : { kind: 'refuse', refusal };
  }

  /**
   * Forgets what was suggested and prepared: under other settings it might come out otherwise. The prompts stay, but for those
   * with something of other files in them, which may no longer be used.
   */
  forgetSuggestions(): void {
    this.plans.forgetContext();
    this.history.clear();
    this.shown = undefined;
    this.next = undefined;
    this.preparedPlace = undefined;
    this.unfinished = undefined;
  }

  /** Hears of every keystroke, whatever it is answered by; `nowMs` on a clock that only goes forward. */
  noteKeystroke(nowMs: number): void {
    this.rhythm.noteKeystroke(nowMs);
  }

  /** Milliseconds to wait before a request is sent, at most `longestMs`. */
  chooseDelay(longestMs: number): number {
    return this.without.has('rhythm') ? longestMs : this.rhythm.chooseDelay(longestMs);
  }

  /** Milliseconds until the typist seems to pause; `nowMs` on the keystrokes' clock. */
  untilPause(nowMs: number): number {
    return this.rhythm.untilPause(nowMs);
  }

  /** Hears where the cursor rests, or went without a keystroke. */
  rest(place: DocumentSnapshot): void {
    this.here = place;
  }

  /**
   * The request for a snapshot as it is now; keeps its prompt plan, so that the next request adds to this one's prompt.
   *
   * A suggestion that needs confidence in its whole first line is not shown before it has one, nor is one that the request for the whole
   * might write otherwise, as it may under typical acceptance.
   */
  buildRequest(
    snapshot: DocumentSnapshot,
    { quietness = 0, ...settings }: RequestSettings & { readonly quietness?: number },
    others: readonly OpenText[],
  ): CompletionParameters {
    // Its grammar is read while the engine is at work.
    this.parsers?.parserFor(snapshot.languageId);
    const built = requestFor(snapshot, this.plans.take(snapshot, this.otherFiles(others)), settings, others);
    const isWholeOnly = (quietness > 0 && !this.without.has('quietness')) || settings.acceptanceMode !== 'exact';
    const request = isWholeOnly ? withoutFirstText(built) : built;
    return this.without.has('deadline') ? withoutDeadline(request) : request;
  }

  /** Hears that a request for a keystroke was sent. */
  noteRequest(): void {
    this.rhythm.noteRequest();
  }

  /** Hears how long the engine took until there was something to show for a keystroke, or nothing. */
  noteAnswer(ms: number): void {
    this.rhythm.noteAnswer(ms);
  }

  /** Whether prompts have room for other files on this device. */
  get readsOtherFiles(): boolean {
    return this.plans.contextChars('idle') > 0;
  }

  /** Hears how fast the device reads prompts; its own answers tell it later. */
  setPrefillSpeed(tokensPerSecond: number | undefined): void {
    this.plans.setPrefillSpeed(tokensPerSecond);
  }

  /**
   * Turns the engine's answer into what is shown, and remembers that for typing along. `quietness` as in the settings; whoever
   * asks by the command sees what there is.
   *
   * An answer that is only the beginning of a text (`isFirstText`) may leave nothing to show; the whole is then to be asked for
   * (`askSuggestion.ts`). Where it is shown, the whole is the first of the idle tasks.
   */
  conclude(
    event: SuggestionEvent,
    request: CompletionParameters,
    result: CompletionResult,
    quietness: number,
  ): Suggestion | NoSuggestion {
    const outcome = this.judge(result, event.snapshot, event.isExplicit ? 0 : quietness);
    this.noteRead(event.snapshot, result);
    if (result.kind === 'generated') {
      this.plans.notePrefill(result.generated.freshTokens, result.generated.ms.prefill);
    }
    if (outcome.kind === 'suggestion') {
      const entry = inDocumentTerms(event, outcome);
      this.history.remember(entry);
      this.shown = entry;
      this.unfinished = isFirstText(result)
        ? { entry, event, request: restRequest(request, result.generated), beginning: result.generated }
        : undefined;
    }
    return outcome;
  }

  /** Requests for other texts at the place of one that is shown, drawn from the model's distribution. */
  alternativeRequests(
    { snapshot }: SuggestionEvent,
    settings: RequestSettings,
    others: readonly OpenText[],
  ): readonly CompletionParameters[] {
    return alternativeRequests(this.buildRequest(snapshot, settings, others));
  }

  /** The other suggestions among the answers, each once; typing along any of them goes on with it. */
  concludeAlternatives(
    event: SuggestionEvent,
    shown: Suggestion,
    results: readonly CompletionResult[],
  ): readonly Suggestion[] {
    const outcomes = results.map((result) => judge(result, event.snapshot, this.parsers));
    const alternatives = otherSuggestions(shown, outcomes);
    // What is shown stays the newest: it is what comes back here.
    for (const suggestion of [...alternatives, shown]) {
      this.history.remember(inDocumentTerms(event, suggestion));
    }
    return alternatives;
  }

  /**
   * What the engine could do now that nobody waits for it; undefined when nothing is of use.
   *
   * First the rest of what is shown. Then the suggestion that follows the shown one, as if that were accepted: its prompt begins
   * with this place's, so typing on instead finds the cache as it was. Then, once the cursor rests, the reading of what stands
   * around it, and of more than a first suggestion had time for.
   */
  idleTask(settings: SessionSettings, others: readonly OpenText[], isResting: boolean): IdleTask | undefined {
    const rest = this.restTask();
    if (rest !== undefined) {
      return rest;
    }
    const next = this.without.has('next') ? undefined : this.nextTask(settings, others);
    if (next !== undefined || !isResting || this.without.has('warm')) {
      return next;
    }
    const { here } = this;
    if (here === undefined) {
      return undefined;
    }
    const event = suggestionEvent(here);
    const isRead = isSamePlace(this.readPlace, here) || this.isShownAt(here);
    if (!isRead) {
      return { kind: 'warm', event, request: prefillRequest(this.buildRequest(here, settings, others)) };
    }
    const moved = this.plans.move(here, this.otherFiles(others));
    const replacesCache = this.plans.standing(here)?.cacheId;
    return (
      moved && {
        kind: 'move',
        event,
        request: {
          ...prefillRequest(requestFor(here, moved, settings, others)),
          ...(replacesCache === undefined ? {} : { replacesCache }),
        },
      }
    );
  }

  /** Returns what has become of the suggestion whose beginning is shown, if anything. */
  concludeIdle(task: IdleTask, result: CompletionResult, quietness: number): GrownSuggestion | undefined {
    const { kind, event, request } = task;
    this.noteRead(event.snapshot, result);
    if (kind === 'rest') {
      return result.kind === 'generated' ? this.concludeRest(task, result.generated, quietness) : undefined;
    }
    if (kind === 'move' && result.kind === 'generated') {
      this.plans.adopt(event.snapshot.documentId);
    }
    if (kind === 'next' && result.kind === 'generated') {
      this.preparedPlace = event.snapshot;
      const outcome = this.judge(result, event.snapshot, quietness);
      if (outcome.kind === 'suggestion') {
        const account = { request, generated: result.generated, isGrown: false };
        this.history.remember({ snapshot: event.snapshot, suggestion: outcome, account });
      }
    }
    return undefined;
  }

  private restTask(): IdleTask | undefined {
    const { unfinished, here } = this;
    if (unfinished === undefined || unfinished.entry !== this.shown || here === undefined) {
      return undefined;
    }
    const isAtIt = this.isShownAt(here) || acceptedSuggestion(unfinished.entry, here) !== undefined;
    return isAtIt ? { kind: 'rest', event: unfinished.event, request: unfinished.request } : undefined;
  }

  private concludeRest(
    { event, request }: IdleTask,
    whole: GeneratedText,
    quietness: number,
  ): GrownSuggestion | undefined {
    const { unfinished } = this;
    if (unfinished?.event !== event) {
      return undefined;
    }
    this.unfinished = undefined;
    const { entry } = unfinished;
    const isShown = this.shown === entry;
    const outcome = this.judge({ kind: 'generated', generated: whole }, event.snapshot, quietness);
    if (outcome.kind === 'no-suggestion') {
      // The whole is not to be shown, so its beginning was not either.
      this.history.forget(entry);
      this.shown = isShown ? undefined : this.shown;
      return { was: entry };
    }
    const grown = inDocumentTerms(event, outcome);
    const { text, replaceChars } = entry.suggestion;
    if (grown.suggestion.text === text && grown.suggestion.replaceChars === replaceChars) {
      return undefined;
    }
    const account = { request, generated: joinGenerated(unfinished.beginning, whole), isGrown: true };
    const wholeEntry = { ...grown, account };
    this.history.remember(wholeEntry);
    this.shown = isShown ? wholeEntry : this.shown;
    return { was: entry, is: wholeEntry };
  }

  private nextTask(settings: SessionSettings, others: readonly OpenText[]): IdleTask | undefined {
    const { shown } = this;
    if (shown === undefined || this.here === undefined) {
      return undefined;
    }
    const isAtIt = this.isShownAt(this.here) || acceptedSuggestion(shown, this.here) !== undefined;
    if (this.next?.shown !== shown) {
      this.next = { shown, place: nextPlace(shown) };
    }
    const { place } = this.next;
    if (
      !isAtIt ||
      isSamePlace(this.preparedPlace, place) ||
      this.history.continueAt(place) !== undefined ||
      refusePlace(place, quietPlaces(settings.suggestIn), false) !== undefined
    ) {
      return undefined;
    }
    const here = this.plans.standing(shown.snapshot);
    const planned = this.plans.standing(place);
    if (planned === undefined || planned.plan.suffix !== here?.plan.suffix) {
      // Reading it would cost the cache of this place, which is wanted first if the suggestion is not accepted.
      return undefined;
    }
    const request = {
      ...withoutFirstText(withoutDeadline(requestFor(place, planned, settings, others))),
      remember: false,
      isIdle: true,
    };
    return { kind: 'next', event: suggestionEvent(place), request };
  }

  private otherFiles(others: readonly OpenText[]): OtherFiles {
    return {
      key: others
        .map(({ path, definitionLine = '' }) => `${path}#${definitionLine}`)
        .sort()
        .join('\n'),
      definitions: definitionsAmong(others).map(({ text }) => text),
      choose: (snapshot, budgetChars) => promptContext(snapshot, others, { index: this.similarTexts, budgetChars }),
    };
  }

  private isShownAt(place: DocumentSnapshot): boolean {
    return this.shown !== undefined && continueSuggestion(this.shown, place) !== undefined;
  }

  private judge(result: CompletionResult, snapshot: DocumentSnapshot, quietness: number): Suggestion | NoSuggestion {
    const outcome = judge(result, snapshot, this.parsers);
    return outcome.kind === 'no-suggestion' || result.kind !== 'generated' || this.without.has('quietness')
      ? outcome
      : (judgeConfidence(result.generated, quietness) ?? outcome);
  }

  private noteRead(place: DocumentSnapshot, result: CompletionResult): void {
    if (result.kind === 'generated') {
      this.readPlace = place;
    }
  }
}

/** Whether an answer is the beginning of a text, made to be shown before the whole is there. */
export function isFirstText(result: CompletionResult): result is Extract<CompletionResult, { kind: 'generated' }> {
  return result.kind === 'generated' && result.generated.stopReason === 'first-text';
}

/** The request for the rest of a beginning: nobody waits for it, and the deadline is that of both. */
function restRequest(request: CompletionParameters, { ms }: GeneratedText): CompletionParameters {
  const { deadlineMs } = request;
  const leftMs = deadlineMs === undefined ? {} : { deadlineMs: Math.max(1, deadlineMs - ms.total) };
  return { ...withoutFirstText(request), ...leftMs, isIdle: true };
}

/** A request that only fills the cache: the first token comes with the prefill, so it ends there. */
export function prefillRequest(request: CompletionParameters): CompletionParameters {
  return { ...request, maxTokens: 1, draftMethod: 'off', remember: false, isIdle: true };
}

function requestFor(
  snapshot: DocumentSnapshot,
  { plan, cacheId, context }: PlannedPrompt,
  settings: RequestSettings,
  others: readonly OpenText[],
): CompletionParameters {
  const parameters = completionParameters(snapshot, plan, chooseExtent(snapshot), settings);
  const prompt = context === undefined ? parameters.prompt : { ...parameters.prompt, context };
  const request = { ...parameters, prompt, documentId: cacheId };
  return settings.draftMethod === 'off' ? request : { ...request, draftTexts: draftTexts(others) };
}

function isSamePlace(one: DocumentSnapshot | undefined, other: DocumentSnapshot): boolean {
  return one?.documentId === other.documentId && one.offset === other.offset && one.text === other.text;
}

/** Remembers in terms of the document as it is, so that typing along works with and without the suggestion list. */
function inDocumentTerms({ inDocument, entry, snapshot }: SuggestionEvent, suggestion: Suggestion): ShownSuggestion {
  const untyped = entry === undefined ? '' : untypedPart(inDocument, entry);
  return untyped === undefined
    ? { snapshot, suggestion }
    : { snapshot: inDocument, suggestion: { ...suggestion, text: untyped + suggestion.text } };
}

function quietPlaces(suggestIn: Readonly<Record<string, boolean>>): QuietPlaces {
  const isQuiet = (place: string): boolean => suggestIn[place] === false;
  return { comment: isQuiet('comments'), string: isQuiet('strings'), prose: isQuiet('prose') };
}

function judge(
  result: CompletionResult,
  snapshot: DocumentSnapshot,
  parsers: SourceParsers | undefined,
): Suggestion | NoSuggestion {
  switch (result.kind) {
    case 'generated':
      return cleanCompletion(result.generated, snapshot, parsers?.parserFor(snapshot.languageId));
    case 'not-loaded':
      return noSuggestion('engine-not-ready');
    case 'failed':
      return noSuggestion('engine-failed', result.message);
    case 'prompt-too-long':
      return noSuggestion('prompt-too-long', result.message);
    case 'superseded':
    case 'cancelled':
      return noSuggestion(result.kind, `stage: ${result.stage}`);
  }
}
