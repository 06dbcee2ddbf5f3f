import type { CompletionParameters, CompletionResult } from '../../inference/protocol.ts';
import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { SelectedEntry } from '../context/insertSelectedEntry.ts';
import { insertSelectedEntry, untypedPart } from '../context/insertSelectedEntry.ts';
import { refuseAfterAccept } from '../gate/refuseAfterAccept.ts';
import type { QuietPlaces } from '../gate/refusePlace.ts';
import { refusePlace } from '../gate/refusePlace.ts';
import { cleanCompletion } from '../postprocess/cleanCompletion.ts';
import type { NoSuggestion, Suggestion } from '../postprocess/suggestion.ts';
import { noSuggestion } from '../postprocess/suggestion.ts';
import { chooseExtent } from '../prompt/chooseExtent.ts';
import type { PromptPlan } from '../prompt/planPrompt.ts';
import { planPrompt } from '../prompt/planPrompt.ts';
import type { ShownSuggestion } from '../reuse/typeThrough.ts';
import { acceptedSuggestion, continueSuggestion, rememberSuggestion } from '../reuse/typeThrough.ts';
import type { RequestSettings } from './completionParameters.ts';
import { completionParameters } from './completionParameters.ts';
import type { OpenText } from './draftTexts.ts';
import { draftTexts } from './draftTexts.ts';

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
  | { readonly kind: 'continue'; readonly suggestion: Suggestion }
  | { readonly kind: 'request' };

/** Plans kept for documents that were left; a plan holds a few kilobytes of text. */
const MAX_PLANS = 50;

/**
 * What is remembered from one event to the next, over all documents of a window: the suggestion shown last, and each
 * document's prompt plan. The caller waits and talks to the engine, and asks in this order:
 * `decide`, then for a request `buildRequest` when it is sent and `conclude` when it is answered.
 */
export class SuggestionSession {
  /** Least recently used first. */
  private readonly plans = new Map<string, PromptPlan>();
  private shown: ShownSuggestion | undefined;

  /** `suggestIn`: `comments`, `strings` and `prose` to on or off, as in the settings. */
  decide(event: SuggestionEvent, suggestIn: Readonly<Record<string, boolean>>): EventDecision {
    const { inDocument, snapshot, isExplicit } = event;
    const continued = this.shown && continueSuggestion(this.shown, snapshot);
    if (continued !== undefined) {
      return { kind: 'continue', suggestion: continued };
    }
    const refusal =
      refusePlace(inDocument, quietPlaces(suggestIn), isExplicit) ??
      refuseAfterAccept(this.shown && acceptedSuggestion(this.shown, inDocument), inDocument, isExplicit);
    return refusal === undefined ? { kind: 'request' } : { kind: 'refuse', refusal };
  }

  /** The request for a snapshot as it is now; keeps its prompt plan, so that the next request adds to this one's prompt. */
  buildRequest(
    snapshot: DocumentSnapshot,
    settings: RequestSettings,
    others: readonly OpenText[],
  ): CompletionParameters {
    const plan = planPrompt(snapshot, this.plans.get(snapshot.documentId));
    this.keepPlan(plan);
    const request = completionParameters(snapshot, plan, chooseExtent(snapshot), settings);
    return settings.draftMethod === 'off' ? request : { ...request, draftTexts: draftTexts(others) };
  }

  /** Turns the engine's answer into what is shown, and remembers that for typing along. */
  conclude(event: SuggestionEvent, result: CompletionResult): Suggestion | NoSuggestion {
    const outcome = judge(result, event.snapshot);
    if (outcome.kind === 'suggestion') {
      this.shown = rememberInDocument(event, outcome);
    }
    return outcome;
  }

  private keepPlan(plan: PromptPlan): void {
    this.plans.delete(plan.documentId);
    this.plans.set(plan.documentId, plan);
    const [oldest] = this.plans.keys();
    if (this.plans.size > MAX_PLANS && oldest !== undefined) {
      this.plans.delete(oldest);
    }
  }
}

/** A request that only fills the cache: the first token comes with the prefill, so it ends there. */
export function prefillRequest(request: CompletionParameters): CompletionParameters {
  return { ...request, maxTokens: 1, draftMethod: 'off', remember: false };
}

/** Remembers in terms of the document as it is, so that typing along works with and without the suggestion list. */
function rememberInDocument({ inDocument, entry, snapshot }: SuggestionEvent, suggestion: Suggestion): ShownSuggestion {
  const untyped = entry === undefined ? '' : untypedPart(inDocument, entry);
  return untyped === undefined
    ? rememberSuggestion(snapshot, suggestion)
    : rememberSuggestion(inDocument, { ...suggestion, text: untyped + suggestion.text });
}

function quietPlaces(suggestIn: Readonly<Record<string, boolean>>): QuietPlaces {
  const isQuiet = (place: string): boolean => suggestIn[place] === false;
  return { comment: isQuiet('comments'), string: isQuiet('strings'), prose: isQuiet('prose') };
}

function judge(result: CompletionResult, snapshot: DocumentSnapshot): Suggestion | NoSuggestion {
  switch (result.kind) {
    case 'generated':
      return cleanCompletion(result.generated, snapshot);
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
