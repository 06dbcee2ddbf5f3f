/**
 * The decode loop: prefill what the cache lacks, then draft, verify in one forward, accept, until something ends it.
 * Token ids in, token ids out; it knows neither text nor the runtime.
 */

import type { CancellationSignal } from '../base/cancellation.ts';
import { throwIfCancelled } from '../base/cancellation.ts';
import type { Clock } from '../base/clock.ts';
import type { AcceptanceRule } from './accept/acceptanceRule.ts';
import type { DraftPlanner } from './control/draftPlanner.ts';
import type { Drafter, DraftMethod, HiddenStates } from './draft/drafter.ts';
import type { DraftTree, VerifiedNode } from './draft/draftTree.ts';
import { EMPTY_DRAFT } from './draft/draftTree.ts';
import type { KeyValueCache, RowScores, TargetModel } from './targetModel.ts';
import { chainRows, logProbability } from './targetModel.ts';
import { draftedAfterRows, draftRows } from './verify/verifyDraft.ts';

/** Restricts the next token; stands for the healed word at the cursor. Each step's mask follows from the one before. */
export interface TokenMask {
  /** The best token that the mask allows. `scores.logits` is present. */
  bestAllowed(scores: RowScores): number;
  allows(token: number): boolean;
  /** The mask for the token after this one, or undefined when generation is free from there on. */
  after(token: number): TokenMask | undefined;
}

export interface DecodeRequest {
  readonly promptTokens: readonly number[];
  readonly mask: TokenMask | undefined;
  /** Has begun this request. */
  readonly drafter: Drafter;
  readonly planner: DraftPlanner;
  readonly acceptance: AcceptanceRule;
  /** Most draft nodes in one step. */
  readonly maxDraftNodes: number;
  /** Keeps drafts from branching, which the target model may not be able to commit anyway. */
  readonly chainsOnly?: boolean;
  /** Draft nodes less likely than this are not verified. Defaults to 0. */
  readonly minDraftChance?: number;
  /** Whether the wanted text ends with this token, so that nothing drafted after it is of use. */
  readonly endsText: (token: number) => boolean;
  /** Most tokens to generate, masked ones included. */
  readonly maxTokens: number;
  /** Tokens that end the text; never yielded. */
  readonly stopTokens: ReadonlySet<number>;
  /** Rows per forward while the prompt is read, at most; the model's own chunk without it. */
  readonly prefillRows?: number | undefined;
  readonly signal: CancellationSignal;
}

export interface DecodedToken {
  readonly id: number;
  /** Natural logarithm of the target model's probability for it; under a mask, among what the mask allows. */
  readonly logProbability: number;
}

export type DecodeStep =
  | {
      readonly kind: 'prefill';
      /** Prompt tokens that went through the model; the others were in the cache. */
      readonly freshTokens: number;
      readonly forwards: number;
      readonly ms: number;
      /** The token was chosen under a mask. */
      readonly isMasked: boolean;
      readonly tokens: readonly DecodedToken[];
    }
  | {
      readonly kind: 'decode';
      readonly method: DraftMethod;
      readonly drafted: number;
      readonly accepted: number;
      /** The draft as it was proposed; what did not pay is not among `nodes`. */
      readonly proposed: DraftTree;
      /** The draft as it was verified. */
      readonly nodes: readonly VerifiedNode[];
      /** `scores[0]` belongs to the last known token, `scores[i + 1]` to `nodes[i]`; valid until the next step. */
      readonly scores: readonly RowScores[];
      readonly isMasked: boolean;
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
  const { drafter, planner, acceptance } = request;
  const generated: number[] = [];
  let mask = request.mask;

  const prefilled = await prefill(model, cache, request, clock);
  let next = chooseToken(prefilled.scores, acceptance, mask);
  const isEnd = request.stopTokens.has(next.id);
  yield { kind: 'prefill', ...prefilled.figures, isMasked: mask !== undefined, tokens: isEnd ? [] : [next] };
  if (isEnd) {
    return 'stop-token';
  }
  mask = mask?.after(next.id);
  generated.push(next.id);

  while (generated.length < request.maxTokens) {
    throwIfCancelled(request.signal, 'decode');
    const startMs = clock.now();
    const isMasked = mask !== undefined;
    // Masked steps are rare (a word's few tokens) and need whole rows of logits, so nothing is drafted for them.
    const maxNodes = mask === undefined ? Math.min(request.maxDraftNodes, request.maxTokens - generated.length - 1) : 0;
    const hiddenStates = (count: number) => lastHiddenStates(cache, count);
    const proposed = maxNodes > 0 ? await drafter.propose({ generated, maxNodes, hiddenStates }) : EMPTY_DRAFT;
    const chainsOnly = request.chainsOnly === true || !model.keepsTreePaths;
    const minChance = request.minDraftChance ?? 0;
    const isLast = (token: number): boolean => request.stopTokens.has(token) || request.endsText(token);
    const draft = planner.choose(proposed, { maxNodes, isLast, chainsOnly, minChance });
    const draftedMs = clock.now();
    const rows = draftRows(next.id, draft);
    const scores = await model.forward(cache, rows, {
      rows: rows.tokens.map((_, row) => row),
      detail: mask === undefined ? 'top' : 'logits',
      ...(acceptance.needsDraftedLogits && draft.length > 0 ? { wanted: draftedAfterRows(draft) } : {}),
    });
    const verifiedMs = clock.now();
    let nodes: readonly number[] = [];
    if (mask === undefined) {
      const path = acceptance.accept(draft, scores);
      nodes = path.nodes;
      next = {
        id: path.bonusToken,
        logProbability: logProbability(scores[(nodes.at(-1) ?? -1) + 1]!, path.bonusToken),
      };
    } else {
      next = chooseToken(scores[0]!, acceptance, mask);
      mask = mask.after(next.id);
    }
    cache.commit([0, ...nodes.map((node) => node + 1)]);

    const accepted = nodes.map((node) => {
      const { token, parent } = draft[node]!;
      return { id: token, logProbability: logProbability(scores[parent + 1]!, token) };
    });
    const tokens = [...accepted, next];
    const times = { draftMs: draftedMs - startMs, verifyMs: verifiedMs - draftedMs };
    if (maxNodes > 0) {
      planner.observe({ proposed, rows: rows.tokens.length, written: tokens.map(({ id }) => id), ...times });
    }
    const stopAt = tokens.findIndex((token) => request.stopTokens.has(token.id));
    yield {
      kind: 'decode',
      method: drafter.method,
      drafted: draft.length,
      accepted: nodes.length,
      proposed,
      nodes: draft.map((node, index) => ({ ...node, isAccepted: nodes.includes(index) })),
      scores,
      isMasked,
      ...times,
      tokens: stopAt === -1 ? tokens : tokens.slice(0, stopAt),
    };
    if (stopAt !== -1) {
      return 'stop-token';
    }
    generated.push(...tokens.map((token) => token.id));
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
  const chunkRows = Math.min(model.prefillChunkTokens, request.prefillRows ?? model.prefillChunkTokens);
  for (let start = firstFresh; start < promptTokens.length; start += chunkRows) {
    throwIfCancelled(request.signal, 'prefill');
    const chunk = promptTokens.slice(start, start + chunkRows);
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

function chooseToken(scores: RowScores, acceptance: AcceptanceRule, mask: TokenMask | undefined): DecodedToken {
  if (mask === undefined) {
    const id = acceptance.chooseToken(scores);
    return { id, logProbability: logProbability(scores, id) };
  }
  const id = mask.bestAllowed(scores);
  return { id, logProbability: logProbability(scores, id) - logAllowedMass(scores, id, mask) };
}

/** Natural logarithm of the probability of what the mask allows: the allowed ones of the best few, and the chosen one. */
function logAllowedMass(scores: RowScores, chosen: number, mask: TokenMask): number {
  const allowed = scores.topIds.filter((id) => id === chosen || mask.allows(id));
  const ids = allowed.includes(chosen) ? allowed : [...allowed, chosen];
  return Math.log(ids.reduce((sum, id) => sum + Math.exp(logProbability(scores, id)), 0));
}

function lastHiddenStates(cache: KeyValueCache, count: number): HiddenStates | undefined {
  const rows = cache.lastHiddenStates(count);
  return rows === undefined ? undefined : { rows, tokens: cache.tokens.slice(-count) };
}
