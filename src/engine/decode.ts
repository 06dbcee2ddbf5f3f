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
import { chainRows } from './targetModel.ts';
import { acceptDraft, allowedDraft, chooseToken } from './verify/maskedDraft.ts';
import { draftedAfterRows, draftRows } from './verify/verifyDraft.ts';
import type { DecodedToken, TokenMask, WrittenToken } from './writtenText.ts';
import { WrittenText } from './writtenText.ts';

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
  /** Takes over tokens of the cache's last request where this one would write the same. Off for measurements. */
  readonly goesOn?: boolean;
  /** Rows per forward while the prompt is read, at most; the model's own chunk without it. */
  readonly prefillRows?: number | undefined;
  readonly signal: CancellationSignal;
}

export type DecodeStep =
  | {
      readonly kind: 'prefill';
      /** Prompt tokens that were not in the cache; the last one always counts, and may go through the model in the first decode step. */
      readonly freshTokens: number;
      readonly forwards: number;
      readonly ms: number;
      readonly maskedTokens: number;
      /** The text has ended before its first token. */
      readonly isEnd: boolean;
      /**
       * The one that the prompt's last row chose, or those taken over from an earlier request. None at the end, and none where the cache
       * lacked at most the last token of the prompt: then that is the known token that the first decode step begins with.
       */
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
      /** So many of the tokens, from the first, were chosen under a mask. */
      readonly maskedTokens: number;
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
  const written = new WrittenText(request.promptTokens);
  const { first, figures } = await begin(model, cache, request, clock);
  cache.written = acceptance.dependsOnRowsAlone ? written : undefined;
  const isEnd = first.length > 0 && request.stopTokens.has(first[0]!.id);
  written.push(isEnd ? [] : first);
  const maskedTokens = first.filter((token) => token.mask !== undefined).length;
  yield { kind: 'prefill', ...figures, maskedTokens, isEnd, tokens: isEnd ? [] : first };
  if (isEnd) {
    return 'stop-token';
  }
  generated.push(...first.map(({ id }) => id));
  const last = first.at(-1);
  let lastToken = last?.id ?? request.promptTokens.at(-1)!;
  let mask = last === undefined ? request.mask : last.mask?.after(last.id);

  while (generated.length < request.maxTokens) {
    throwIfCancelled(request.signal, 'decode');
    const startMs = clock.now();
    const isMasked = mask !== undefined;
    const maxNodes = Math.min(request.maxDraftNodes, request.maxTokens - generated.length - 1);
    const step = {
      generated,
      lastToken,
      maxNodes,
      hiddenStates: (count: number) => lastHiddenStates(cache, count),
      isWorth: (tokens: number, draftMs: number, node: number) => planner.isWorth(tokens, draftMs, node + 1),
    };
    const proposed = maxNodes > 0 ? allowedDraft(await drafter.propose(step), mask) : EMPTY_DRAFT;
    const chainsOnly = request.chainsOnly === true || !model.keepsTreePaths;
    const minChance = request.minDraftChance ?? 0;
    const isLast = (token: number): boolean => request.stopTokens.has(token) || request.endsText(token);
    const draft = planner.choose(proposed, { maxNodes, isLast, chainsOnly, minChance });
    const draftedMs = clock.now();
    const rows = draftRows(lastToken, draft);
    const scores = await model.forward(cache, rows, {
      rows: rows.tokens.map((_, row) => row),
      detail: isMasked ? 'logits' : 'top',
      ...(acceptance.needsDraftedLogits && draft.length > 0 ? { wanted: draftedAfterRows(draft) } : {}),
    });
    const verifiedMs = clock.now();
    const { nodes, tokens } = acceptDraft(draft, scores, acceptance, mask);
    cache.commit([0, ...nodes.map((node) => node + 1)]);

    const times = { draftMs: draftedMs - startMs, verifyMs: verifiedMs - draftedMs };
    // What a mask forbids is never drafted, so that its steps say little about the drafter.
    if (maxNodes > 0 && !isMasked) {
      planner.observe({ proposed, rows: rows.tokens.length, written: tokens.map(({ id }) => id), ...times });
    }
    const stopAt = tokens.findIndex((token) => request.stopTokens.has(token.id));
    const textTokens = stopAt === -1 ? tokens : tokens.slice(0, stopAt);
    written.push(textTokens);
    yield {
      kind: 'decode',
      method: drafter.method,
      drafted: draft.length,
      accepted: nodes.length,
      proposed,
      nodes: draft.map((node, index) => ({ ...node, isAccepted: nodes.includes(index) })),
      scores,
      maskedTokens: textTokens.filter((token) => token.mask !== undefined).length,
      ...times,
      tokens: textTokens,
    };
    if (stopAt !== -1) {
      return 'stop-token';
    }
    generated.push(...tokens.map((token) => token.id));
    const { id, mask: chosenUnder } = tokens.at(-1)!;
    lastToken = id;
    mask = chosenUnder?.after(id);
  }
  return 'max-tokens';
}

/**
 * Brings the cache to the prompt and gives the first tokens: those that an earlier request wrote, or the one that the prompt's last
 * row chooses, or none yet where the cache lacks at most that row.
 */
async function begin(
  model: TargetModel,
  cache: KeyValueCache,
  request: DecodeRequest,
  clock: Clock,
): Promise<{
  readonly first: readonly WrittenToken[];
  readonly figures: { readonly freshTokens: number; readonly forwards: number; readonly ms: number };
}> {
  const { acceptance, mask } = request;
  const known = request.goesOn === true && acceptance.dependsOnRowsAlone ? takeWritten(cache, request) : [];
  if (known.length > 0) {
    return { first: known, figures: { freshTokens: 0, forwards: 0, ms: 0 } };
  }
  const inCache = commonPrefixLength(cache.tokens, request.promptTokens);
  if (inCache >= request.promptTokens.length - 1) {
    cache.truncate(request.promptTokens.length - 1);
    return { first: [], figures: { freshTokens: 1, forwards: 0, ms: 0 } };
  }
  const { scores, figures } = await prefill(model, cache, request, clock);
  return { first: [{ ...chooseToken(scores, acceptance, mask), mask }], figures };
}

/** Brings the cache to the prompt and all but the last of these tokens, which are those that its last request wrote. */
function takeWritten(
  cache: KeyValueCache,
  { promptTokens, mask, maxTokens, stopTokens }: DecodeRequest,
): readonly WrittenToken[] {
  const before = cache.written?.after(promptTokens, mask) ?? [];
  const end = before.findIndex(({ id }) => stopTokens.has(id));
  const written = end === -1 ? before : before.slice(0, end);
  const inCache = commonPrefixLength(cache.tokens, [...promptTokens, ...written.map(({ id }) => id)]);
  const known = written.slice(0, Math.max(0, Math.min(maxTokens, inCache - promptTokens.length + 1)));
  if (known.length > 0) {
    cache.truncate(promptTokens.length + known.length - 1);
  }
  return known;
}

/** Brings the cache to the whole prompt, reusing the longest common prefix; returns the last prompt row's scores. */
async function prefill(model: TargetModel, cache: KeyValueCache, request: DecodeRequest, clock: Clock) {
  const startMs = clock.now();
  const { promptTokens } = request;
  cache.truncate(commonPrefixLength(cache.tokens, promptTokens));
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

function lastHiddenStates(cache: KeyValueCache, count: number): HiddenStates | undefined {
  const rows = cache.lastHiddenStates(count);
  return rows === undefined ? undefined : { rows, tokens: cache.tokens.slice(-count) };
}
