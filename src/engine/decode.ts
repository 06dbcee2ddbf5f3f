/**
 * The decode loop: prefill what the cache lacks, then draft, verify in one forward, accept, until something ends it.
 * Token ids in, token ids out; it knows neither text nor the runtime.
 */

import type { CancellationSignal } from '../base/cancellation.ts';
import { throwIfCancelled } from '../base/cancellation.ts';
import type { Clock } from '../base/clock.ts';
import type { AcceptanceRule } from './accept/acceptanceRule.ts';
import type { Drafter, DraftMethod } from './draft/drafter.ts';
import type { KeyValueCache, RowScores, TargetModel } from './targetModel.ts';
import { chainRows } from './targetModel.ts';
import { draftRows } from './verify/verifyDraft.ts';

/** Restricts the next token; stands for the healed word at the cursor. Each step's mask follows from the one before. */
export interface TokenMask {
  /** The best token that the mask allows. `scores.logits` is present. */
  bestAllowed(scores: RowScores): number;
  /** The mask for the token after this one, or undefined when generation is free from there on. */
  after(token: number): TokenMask | undefined;
}

export interface DecodeRequest {
  readonly promptTokens: readonly number[];
  readonly mask: TokenMask | undefined;
  readonly drafter: Drafter;
  readonly acceptance: AcceptanceRule;
  /** Most draft nodes in one step. */
  readonly maxDraftNodes: number;
  /** Most tokens to generate, masked ones included. */
  readonly maxTokens: number;
  /** Tokens that end the text; never yielded. */
  readonly stopTokens: ReadonlySet<number>;
  readonly signal: CancellationSignal;
}

export interface DecodedToken {
  readonly id: number;
  /** Natural logarithm of the target model's probability for it. */
  readonly logProbability: number;
}

export type DecodeStep =
  | {
      readonly kind: 'prefill';
      /** Prompt tokens that went through the model; the others were in the cache. */
      readonly freshTokens: number;
      readonly forwards: number;
      readonly ms: number;
      readonly tokens: readonly DecodedToken[];
    }
  | {
      readonly kind: 'decode';
      readonly method: DraftMethod;
      readonly drafted: number;
      readonly accepted: number;
      readonly draftMs: number;
      readonly verifyMs: number;
      readonly tokens: readonly DecodedToken[];
    };

export type DecodeEnd = 'stop-token' | 'max-tokens';

/**
 * Decodes from a prompt, yielding tokens as they become certain: one per plain step, several when drafts are accepted.
 *
 * The consumer may leave the loop at any token; the cache then holds a valid prefix of what was yielded. Throws
 * `CancelledError` between two forwards, and whatever the target model throws.
 */
export async function* decode(
  model: TargetModel,
  cache: KeyValueCache,
  request: DecodeRequest,
  clock: Clock,
): AsyncGenerator<DecodeStep, DecodeEnd> {
  const known = [...request.promptTokens];
  let mask = request.mask;
  let remaining = request.maxTokens;

  const prefilled = await prefill(model, cache, request, clock);
  let next = chooseToken(prefilled.scores, mask);
  mask = mask?.after(next.id);
  if (request.stopTokens.has(next.id)) {
    yield { kind: 'prefill', ...prefilled.figures, tokens: [] };
    return 'stop-token';
  }
  yield { kind: 'prefill', ...prefilled.figures, tokens: [next] };
  known.push(next.id);
  remaining--;

  while (remaining > 0) {
    throwIfCancelled(request.signal, 'decode');
    const startMs = clock.now();
    // Masked steps are rare (a word's few tokens) and need whole rows of logits, so nothing is drafted for them.
    const maxNodes = mask === undefined ? Math.min(request.maxDraftNodes, remaining - 1) : 0;
    const draft = request.drafter.propose(known, maxNodes);
    const draftedMs = clock.now();
    const rows = draftRows(next.id, draft);
    const scores = await model.forward(cache, rows, {
      rows: rows.tokens.map((_, row) => row),
      detail: mask === undefined ? 'top' : 'logits',
    });
    const verifiedMs = clock.now();
    let nodes: readonly number[] = [];
    if (mask === undefined) {
      const path = request.acceptance.accept(draft, scores);
      nodes = path.nodes;
      next = { id: path.bonusToken, logProbability: logProbability(scores[pathEnd(nodes)]!, path.bonusToken) };
    } else {
      next = chooseToken(scores[0]!, mask);
      mask = mask.after(next.id);
    }
    cache.commit([0, ...nodes.map((node) => node + 1)]);

    const tokens = [...nodes.map((node) => acceptedToken(draft.tokens[node]!, draft.parents[node]!, scores)), next];
    const stopAt = tokens.findIndex((token) => request.stopTokens.has(token.id));
    const kept = stopAt === -1 ? tokens : tokens.slice(0, stopAt);
    yield {
      kind: 'decode',
      method: request.drafter.method,
      drafted: draft.tokens.length,
      accepted: nodes.length,
      draftMs: draftedMs - startMs,
      verifyMs: verifiedMs - draftedMs,
      tokens: kept,
    };
    if (stopAt !== -1) {
      return 'stop-token';
    }
    known.push(...tokens.map((token) => token.id));
    remaining -= tokens.length;
  }
  return 'max-tokens';
}

/** Brings the cache to the whole prompt, reusing the longest common prefix; returns the last prompt row's scores. */
async function prefill(model: TargetModel, cache: KeyValueCache, request: DecodeRequest, clock: Clock) {
  const startMs = clock.now();
  const { promptTokens } = request;
  // The last prompt token is always run again: its scores choose the first token.
  cache.truncate(Math.min(commonPrefixLength(cache.tokens, promptTokens), promptTokens.length - 1));
  const firstFresh = cache.tokens.length;
  let forwards = 0;
  let scores: readonly RowScores[] = [];
  for (let start = firstFresh; start < promptTokens.length; start += model.prefillChunkTokens) {
    throwIfCancelled(request.signal, 'prefill');
    const chunk = promptTokens.slice(start, start + model.prefillChunkTokens);
    const isLast = start + chunk.length === promptTokens.length;
    scores = await model.forward(cache, chainRows(chunk), {
      rows: [chunk.length - 1],
      detail: isLast && request.mask !== undefined ? 'logits' : 'top',
    });
    cache.commit(chunk.map((_, row) => row));
    forwards++;
  }
  return {
    scores: scores[0]!,
    figures: { freshTokens: promptTokens.length - firstFresh, forwards, ms: clock.now() - startMs },
  };
}

function commonPrefixLength(left: readonly number[], right: readonly number[]): number {
  const limit = Math.min(left.length, right.length);
  let length = 0;
  while (length < limit && left[length] === right[length]) {
    length++;
  }
  return length;
}

function chooseToken(scores: RowScores, mask: TokenMask | undefined): DecodedToken {
  const id = mask === undefined ? scores.topIds[0]! : mask.bestAllowed(scores);
  return { id, logProbability: logProbability(scores, id) };
}

/** Row whose scores chose the token after the path: the last kept node's, or the root's. */
function pathEnd(nodes: readonly number[]): number {
  return nodes.length === 0 ? 0 : nodes[nodes.length - 1]! + 1;
}

function acceptedToken(token: number, parent: number, scores: readonly RowScores[]): DecodedToken {
  return { id: token, logProbability: logProbability(scores[parent + 1]!, token) };
}

function logProbability(scores: RowScores, token: number): number {
  const rank = scores.topIds.indexOf(token);
  const logit = rank === -1 ? scores.logits?.[token] : scores.topLogits[rank];
  // A token outside the best few is less likely than the last of them.
  return (logit ?? scores.topLogits[scores.topLogits.length - 1]!) - scores.logSumExp;
}
