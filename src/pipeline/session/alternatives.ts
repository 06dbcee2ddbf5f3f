import type { CompletionParameters } from '../../inference/protocol.ts';
import type { NoSuggestion, Suggestion } from '../postprocess/suggestion.ts';
import { withoutFirstText } from './completionParameters.ts';

/** Two more texts: each takes as long as a suggestion, and somebody waits. */
const SEEDS = [1, 2] as const;
/** Sharp enough for code that holds together, flat enough for another text. */
const TEMPERATURE = 0.8;

/** Requests for other texts at the same place, drawn from the model's distribution. */
export function alternativeRequests(request: CompletionParameters): readonly CompletionParameters[] {
  const whole = withoutFirstText(request);
  return SEEDS.map((seed) => ({ ...whole, remember: false, sampling: { temperature: TEMPERATURE, seed } }));
}

/** The suggestions among the outcomes that differ from the shown one, each once. */
export function otherSuggestions(
  shown: Suggestion,
  outcomes: readonly (Suggestion | NoSuggestion)[],
): readonly Suggestion[] {
  const byText = new Map<string, Suggestion>();
  for (const outcome of outcomes) {
    if (outcome.kind === 'suggestion' && outcome.text !== shown.text) {
      byText.set(outcome.text, outcome);
    }
  }
  return [...byText.values()];
}
