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

/** Reading in idle time may take so long in all: more would keep a slow machine busy for little. */
const IDLE_PREFILL_MS = 6000;
const LEAST_CONTEXT_TOKENS = 128;
const MOST_CONTEXT_TOKENS = 768;

/**
 * UTF-16 units of other files that a prompt can afford beside the whole window: what the device reads in the time that is left;
 * none where that is little or the speed is not known.
 */
export function chooseContextChars(prefillTokensPerSecond: number | undefined, when: 'cold' | 'idle'): number {
  const { beforeChars, afterChars } = DEFAULT_PROMPT_BUDGET;
  const prefillMs = when === 'cold' ? COLD_PREFILL_MS : IDLE_PREFILL_MS;
  const readable = ((prefillTokensPerSecond ?? 0) * prefillMs) / 1000;
  const tokens = Math.min(MOST_CONTEXT_TOKENS, readable - (beforeChars + afterChars) / CHARS_PER_TOKEN);
  return tokens < LEAST_CONTEXT_TOKENS ? 0 : Math.round(tokens * CHARS_PER_TOKEN);
}
