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
  /** A keystroke led to it; only those tell how long keystrokes are waited for. */
  readonly isAutomatic: boolean;
  /** Sends a request to the engine. */
  readonly ask: (request: CompletionParameters) => Promise<CompletionResult>;
}

export interface AnsweredSuggestion {
  readonly result: CompletionResult;
  readonly outcome: Suggestion | NoSuggestion;
}

/** Asks the engine, and where the beginning of a text leaves nothing to show, for the whole of it at once. */
export async function askSuggestion(session: SuggestionSession, asked: AskedSuggestion): Promise<AnsweredSuggestion> {
  const { event, quietness, isAutomatic, ask } = asked;
  let totalMs = 0;
  const answer = async (request: CompletionParameters): Promise<AnsweredSuggestion> => {
    const result = await ask(request);
    totalMs += result.kind === 'generated' ? result.generated.ms.total : 0;
    return { result, outcome: session.conclude(event, request, result, quietness) };
  };
  const first = await answer(asked.request);
  const answered =
    first.outcome.kind === 'suggestion' || !isFirstText(first.result)
      ? first
      : await answer(withoutFirstText(asked.request));
  if (isAutomatic && answered.result.kind === 'generated') {
    session.noteAnswer(totalMs);
  }
  return answered;
}
