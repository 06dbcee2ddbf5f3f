import type { PromptBudget } from './planPrompt.ts';
import { DEFAULT_PROMPT_BUDGET } from './planPrompt.ts';

/** UTF-16 units to a token of code, measured on the fixtures. */
export const CHARS_PER_TOKEN = 3.3;

/** A first suggestion whose prompt takes longer than this to read comes too late to be of use. */
const COLD_PREFILL_MS = 1500;
/** Below this a prompt says too little, whatever it costs. */
const LEAST_TOKENS = 160;

/** The window of this many tokens, shared between before and after as the default one is. */
export function budgetOfTokens(tokens: number): PromptBudget {
  const { beforeChars, afterChars } = DEFAULT_PROMPT_BUDGET;
  const share = (tokens * CHARS_PER_TOKEN) / (beforeChars + afterChars);
  return { beforeChars: Math.round(beforeChars * share), afterChars: Math.round(afterChars * share) };
}

/**
 * The window of a prompt that is read from nothing while somebody waits: as large as the device reads in a second and a half,
 * the default one at most, and that too while the speed is not known.
 */
export function chooseColdBudget(prefillTokensPerSecond: number | undefined): PromptBudget {
  if (prefillTokensPerSecond === undefined) {
    return DEFAULT_PROMPT_BUDGET;
  }
  const tokens = Math.max(LEAST_TOKENS, (prefillTokensPerSecond * COLD_PREFILL_MS) / 1000);
  const budget = budgetOfTokens(tokens);
  return budget.beforeChars < DEFAULT_PROMPT_BUDGET.beforeChars ? budget : DEFAULT_PROMPT_BUDGET;
}
