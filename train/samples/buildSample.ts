/** Turns a cut into token ids, with the product's own functions: the prompt of a sample is the one the engine would send. */

import type { PromptContext, PromptControl } from '../../src/engine/tokenizer/tokenizePrompt.ts';
import { tokenizePrompt } from '../../src/engine/tokenizer/tokenizePrompt.ts';
import type { Tokenizer } from '../../src/engine/tokenizer/tokenizer.ts';
import type { DocumentSnapshot } from '../../src/pipeline/context/documentSnapshot.ts';
import type { PromptBudget, PromptPlan } from '../../src/pipeline/prompt/planPrompt.ts';
import { planPlainPrompt, planPrompt } from '../../src/pipeline/prompt/planPrompt.ts';
import type { Cut } from './chooseCut.ts';

export type Layout = 'anchored' | 'plain';

export interface Sample {
  readonly kind: string;
  readonly language: string;
  /** Samples of one group begin with the same ids and follow each other in the file. */
  readonly group: number;
  /** Everything the model is given, control tokens included. */
  readonly prompt: readonly number[];
  /** What it should write: the word taken back by healing, then the middle. */
  readonly middle: readonly number[];
  /** Whether the end token follows; false where the middle was longer than the limit, or has no end. */
  readonly ends: boolean;
}

export interface SampleTokens {
  readonly tokenizer: Pick<Tokenizer, 'encode'>;
  readonly control: PromptControl;
}

export interface SampleOptions {
  readonly layout: Layout;
  readonly budget: PromptBudget;
  /** Plan of an earlier cursor in the same file, whose window and anchor stand, as they do while somebody types. */
  readonly previous: PromptPlan | undefined;
  /** Parts of other files, before the file's own. */
  readonly context: PromptContext | undefined;
  readonly maxMiddleTokens: number;
}

export interface BuiltSample extends Pick<Sample, 'prompt' | 'middle' | 'ends'> {
  readonly plan: PromptPlan;
}

/** The sample of one cut: the file without its middle, planned, healed and encoded as the engine does it. */
export function buildSample(
  document: { readonly text: string; readonly languageId: string },
  cut: Pick<Cut, 'start' | 'end'>,
  tokens: SampleTokens,
  options: SampleOptions,
): BuiltSample {
  const { text, languageId } = document;
  const snapshot: DocumentSnapshot = {
    documentId: 'sample',
    languageId,
    text: text.slice(0, cut.start) + text.slice(cut.end),
    lineEnding: '\n',
    offset: cut.start,
  };
  const plan =
    options.layout === 'plain'
      ? planPlainPrompt(snapshot, options.budget)
      : planPrompt(snapshot, options.previous, options.budget);
  const prompt = { ...plan, context: options.context };
  const { promptTokens, typed } = tokenizePrompt(prompt, tokens, { heal: true, mostTokens: Number.POSITIVE_INFINITY });
  const whole = tokens.tokenizer.encode(typed + text.slice(cut.start, cut.end));
  const middle = whole.slice(0, options.maxMiddleTokens);
  return { plan, prompt: promptTokens, middle, ends: middle.length === whole.length };
}
