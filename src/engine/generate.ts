/** Text in, text out: tokenise, decode, stop. The engine's one entry. */

import type { CancellationSignal } from '../base/cancellation.ts';
import type { Clock } from '../base/clock.ts';
import { Utf8Decoder } from '../base/utf8.ts';
import type { AcceptanceRule } from './accept/acceptanceRule.ts';
import type { DraftPlanner } from './control/draftPlanner.ts';
import type { DecodeStep } from './decode.ts';
import { decode } from './decode.ts';
import type { Drafter, DraftMethod } from './draft/drafter.ts';
import type { VerifiedNode } from './draft/draftTree.ts';
import type { PlacedToken, TextConfidence } from './rateText.ts';
import { rateText } from './rateText.ts';
import type { Stop, StopReason } from './stop/findStop.ts';
import { findStop } from './stop/findStop.ts';
import { stopAtDeadline } from './stop/stopAtDeadline.ts';
import { stopAtFirstText } from './stop/stopAtFirstText.ts';
import type { KeyValueCache, TargetModel } from './targetModel.ts';
import type { PromptControl, PromptText } from './tokenizer/tokenizePrompt.ts';
import { tokenizePrompt } from './tokenizer/tokenizePrompt.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';
import { createWordMask } from './tokenizer/wordMask.ts';
import type { GenerationTrace } from './trace.ts';
import { TraceRecorder } from './trace.ts';
import type { DecodedToken } from './writtenText.ts';

/** A loaded model with what goes with it. */
export interface LoadedModel {
  readonly target: TargetModel;
  readonly tokenizer: Tokenizer;
  readonly control: PromptControl & { readonly stop: readonly number[] };
}

export interface GenerateRequest {
  readonly prompt: PromptText;
  /** Generate the last word again instead of going on from inside it. */
  readonly heal: boolean;
  readonly singleLine: boolean;
  readonly allowsCodeFence: boolean;
  /** Off for measurements of the model alone: only stop tokens and the budget end the text. */
  readonly stopRules: boolean;
  readonly maxTokens: number;
  /** Milliseconds after which no further line is begun; none without it. */
  readonly deadlineMs?: number | undefined;
  /**
   * Milliseconds after which the text ends at the first whole word (`stopAtFirstText.ts`), to be shown while the same request without
   * this goes on from there; none without it.
   */
  readonly firstTextMs?: number | undefined;
  /** Most lines with something on them, unless `stopRules` is off. Defaults to any number. */
  readonly maxLines?: number;
  readonly drafter: Drafter;
  readonly planner: DraftPlanner;
  readonly acceptance: AcceptanceRule;
  readonly maxDraftNodes: number;
  readonly draftTree: boolean;
  /** Drafted tokens less likely than this are not verified. Defaults to 0. */
  readonly draftStopConfidence?: number;
  /** Token ids of texts that drafts may be copied from, best first. The model does not see them. */
  readonly draftTexts: readonly (readonly number[])[];
  /** Whether the generated text may be drafted from in later requests, and this one may go on from what an earlier one wrote. */
  readonly remember: boolean;
  /** See `DecodeRequest`. */
  readonly prefillRows?: number | undefined;
  /** Whether the result has a trace. */
  readonly trace?: boolean;
  readonly signal: CancellationSignal;
}

export interface StepFigures {
  readonly drafted: number;
  readonly accepted: number;
  readonly method: DraftMethod;
  readonly nodes: readonly VerifiedNode[];
}

export interface GeneratedResult {
  /** What follows the cursor; the healed word's typed part is not in it. */
  readonly text: string;
  readonly stopReason: StopReason;
  /** Generated tokens, those of the healed word included. */
  readonly tokens: readonly DecodedToken[];
  readonly confidence: TextConfidence;
  readonly promptTokens: number;
  /** Prompt tokens that were not in the cache. */
  readonly freshTokens: number;
  readonly forwards: number;
  readonly perStep: readonly StepFigures[];
  readonly ms: { readonly prefill: number; readonly draft: number; readonly verify: number; readonly total: number };
  /** Present when it was asked for. */
  readonly trace?: GenerationTrace;
}

/** Thrown when a prompt and its completion do not fit the model's context. */
export class PromptTooLongError extends Error {
  constructor(promptTokens: number, contextLength: number) {
    super(`the prompt has ${promptTokens} tokens, the model's context holds ${contextLength}`);
    this.name = 'PromptTooLongError';
  }
}

/**
 * Completes a prompt from a document's cache, which afterwards holds the prompt and what was generated.
 *
 * Throws `CancelledError`, `PromptTooLongError`, and what the runtime throws.
 */
export async function generate(
  model: LoadedModel,
  cache: KeyValueCache,
  request: GenerateRequest,
  clock: Clock,
): Promise<GeneratedResult> {
  const startMs = clock.now();
  const mostTokens = model.target.contextLength - request.maxTokens;
  const { promptTokens, before, after, typed } = tokenizePrompt(request.prompt, model, {
    heal: request.heal,
    mostTokens,
  });
  if (promptTokens.length > mostTokens) {
    throw new PromptTooLongError(promptTokens.length, model.target.contextLength);
  }
  request.drafter.begin({ before, after, others: request.draftTexts });
  const steps = decode(
    model.target,
    cache,
    {
      promptTokens,
      mask: createWordMask(typed, model.tokenizer),
      drafter: request.drafter,
      planner: request.planner,
      acceptance: request.acceptance,
      maxDraftNodes: request.maxDraftNodes,
      chainsOnly: !request.draftTree,
      minDraftChance: request.draftStopConfidence ?? 0,
      endsText: (token) => request.singleLine && request.stopRules && model.tokenizer.bytesOf(token).includes('\n'),
      maxTokens: request.maxTokens,
      stopTokens: new Set(model.control.stop),
      goesOn: request.remember,
      prefillRows: request.prefillRows,
      signal: request.signal,
    },
    clock,
  );

  const output = new CompletionText(model.tokenizer, typed, request);
  const totals = { freshTokens: 0, forwards: 0, prefill: 0, draft: 0, verify: 0 };
  const perStep: StepFigures[] = [];
  const trace = request.trace === true ? new TraceRecorder(model.tokenizer, typed.length) : undefined;
  let stop: Stop | undefined;
  while (stop === undefined) {
    const next = await steps.next();
    if (next.done === true) {
      stop = { keep: output.text.length, reason: next.value };
      break;
    }
    addFigures(totals, perStep, next.value);
    trace?.push(next.value);
    for (const token of next.value.tokens) {
      stop = output.push(token);
      if (stop !== undefined) {
        break;
      }
    }
    stop ??= stopByClock(output.text, clock.now() - startMs, request);
  }
  if (request.remember) {
    request.drafter.end?.(output.tokens.map((token) => token.id));
  }
  const text = output.text.slice(0, stop.keep);
  return {
    text,
    stopReason: stop.reason,
    tokens: output.tokens,
    confidence: rateText(text, output.tokens),
    promptTokens: promptTokens.length,
    freshTokens: totals.freshTokens,
    forwards: totals.forwards,
    perStep,
    ms: { prefill: totals.prefill, draft: totals.draft, verify: totals.verify, total: clock.now() - startMs },
    ...(trace === undefined ? {} : { trace: trace.finish() }),
  };
}

function stopByClock(
  text: string,
  elapsedMs: number,
  { deadlineMs = Number.POSITIVE_INFINITY, firstTextMs = Number.POSITIVE_INFINITY }: GenerateRequest,
): Stop | undefined {
  const late = elapsedMs >= deadlineMs ? stopAtDeadline(text) : undefined;
  return late ?? (elapsedMs >= firstTextMs ? stopAtFirstText(text) : undefined);
}

/** The text generated so far, with the typed part of the healed word taken off its start. */
class CompletionText {
  readonly tokens: PlacedToken[] = [];
  private readonly decoder = new Utf8Decoder();
  private readonly tokenizer: Tokenizer;
  private readonly request: GenerateRequest;
  private readonly linePrefix: string;
  private readonly lineAbove: string | undefined;
  private readonly typedChars: number;
  private written = '';

  constructor(tokenizer: Tokenizer, typed: string, request: GenerateRequest) {
    this.tokenizer = tokenizer;
    this.request = request;
    this.typedChars = typed.length;
    const before = request.prompt.prefix + request.prompt.tail;
    const lines = before.split('\n');
    this.linePrefix = lines.pop()!;
    this.lineAbove = lines.findLast((line) => line.trim() !== '');
  }

  get text(): string {
    return this.written.slice(this.typedChars);
  }

  push(token: DecodedToken): Stop | undefined {
    this.tokens.push({ ...token, start: this.written.length - this.typedChars });
    const added = this.decoder.push(this.tokenizer.bytesOf(token.id));
    this.written += added;
    if (added === '' || !this.request.stopRules) {
      return undefined;
    }
    const { prompt, singleLine, allowsCodeFence, maxLines } = this.request;
    const { linePrefix, lineAbove } = this;
    const context = {
      linePrefix,
      suffix: prompt.suffix,
      singleLine,
      allowsCodeFence,
      ...(lineAbove === undefined ? {} : { lineAbove }),
      ...(maxLines === undefined ? {} : { maxLines }),
    };
    return findStop(this.text, context);
  }
}

function addFigures(
  totals: { freshTokens: number; forwards: number; prefill: number; draft: number; verify: number },
  perStep: StepFigures[],
  step: DecodeStep,
): void {
  if (step.kind === 'prefill') {
    totals.freshTokens += step.freshTokens;
    totals.forwards += step.forwards;
    totals.prefill += step.ms;
    return;
  }
  totals.forwards++;
  totals.draft += step.draftMs;
  totals.verify += step.verifyMs;
  const { drafted, accepted, method, nodes } = step;
  perStep.push({ drafted, accepted, method, nodes });
}
