import type { CompletionParameters, CompletionResult } from '../../inference/protocol.ts';
import type { NoSuggestion, Suggestion } from '../postprocess/suggestion.ts';
import { withoutFirstText } from './completionParameters.ts';
import type { SuggestionEvent, SuggestionSession } from './suggestionSession.ts';
import { isFirstText } from './suggestionSession.ts';

/** A request on its way: what `ask` needs to send it, and what is needed to conclude its answer. */
export interface AskedSuggestion {
  readonly event: SuggestionEvent;
  readonly request: CompletionParameters;
  readonly quietness: number;
  /** Sends a request to the engine. */
  readonly ask: (request: CompletionParameters) => Promise<CompletionResult>;
}

/** Asks the engine, and where the beginning of a text leaves nothing to show, for the whole of it at once. */
export async function askSuggestion(
  session: SuggestionSession,
  { event, request, quietness, ask }: AskedSuggestion,
): Promise<{ readonly result: CompletionResult; readonly outcome: Suggestion | NoSuggestion }> {
  const result = await ask(request);
  const outcome = session.conclude(event, request, result, quietness);
  if (outcome.kind === 'suggestion' || !isFirstText(result)) {
    return { result, outcome };
  }
  const whole = withoutFirstText(request);
  const wholeResult = await ask(whole);
  return { result: wholeResult, outcome: session.conclude(event, whole, wholeResult, quietness) };
}
