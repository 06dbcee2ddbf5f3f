import type { DraftContext, Drafter, DraftStep } from '../drafter.ts';
import type { DraftTree } from '../draftTree.ts';
import { EMPTY_DRAFT } from '../draftTree.ts';
import type { Match } from './growTree.ts';
import { growTree } from './growTree.ts';
import type { Corpus } from './lookupBuckets.ts';
import type { StaticNgrams } from './staticNgrams.ts';
import { MAX_CONTEXT_TOKENS } from './staticNgrams.ts';
import type { Gram } from './tokenIndex.ts';
import { MAX_MATCH_TOKENS, TokenIndex } from './tokenIndex.ts';

/** Places looked at per index, and matches kept of all: they bound the work of one draft. Twice as many found no more. */
const MAX_PLACES = 64;
const MAX_MATCHES = 64;

/** Earlier suggestions are kept with this many tokens of the text before them, or their starts would match nothing. */
const LEAD_TOKENS = 8;
/** About 64 suggestions; the older half is dropped when there are more. */
const MAX_SUGGESTION_TOKENS = 4096;
/** Stands between two suggestions; no text has it, so no match and no draft crosses it. */
const BOUNDARY = -1;

/**
 * Drafts by copying: what followed the end of the text elsewhere will follow it again. No model, no training.
 *
 * Matches the end of the document, not of the prompt, whose last tokens may be those of the suffix (arXiv 2411.04975 and
 * 2411.10666 index prompt and output as one text). Looks in the document before the cursor with what was generated,
 * in the suggestions of earlier requests, in the text after the cursor, and in the other texts, each an index of its own.
 *
 * Indexes only tokens that were generated, never drafted ones. One instance serves one request at a time and keeps earlier
 * suggestions from request to request, as far as `propose` has seen them. The arrays of `DraftContext.others` must not
 * change: their indexes are kept as long as the arrays are. (Comparing contents would cost what indexing does.)
 */
export class LookupDrafter implements Drafter {
  readonly method = 'lookup';
  private readonly estimate: (bucket: number, prior: number) => number;
  private readonly ngrams: StaticNgrams | undefined;
  private readonly document = new TokenIndex();
  private readonly after = new TokenIndex();
  private others: readonly TokenIndex[] = [];
  private readonly otherIndexes = new WeakMap<readonly number[], TokenIndex>();
  private suggestions = new TokenIndex();
  /** Tokens at the end of `document` that were generated. */
  private generatedCount = 0;

  /**
   * `estimate` gives the chance of a guess from its bucket and the chance that was measured for it beforehand; `ngrams` says
   * what usually comes where matches are weak or end.
   */
  constructor(estimate: (bucket: number, prior: number) => number, ngrams?: StaticNgrams) {
    this.estimate = estimate;
    this.ngrams = ngrams;
  }

  begin({ before, after, others }: DraftContext): void {
    this.document.become(before);
    this.after.become(after);
    this.others = others.map((tokens) => this.indexOf(tokens));
    this.generatedCount = 0;
  }

  propose({ generated, maxNodes }: DraftStep): DraftTree {
    this.extendDocument(generated);
    const tail = this.document.last(MAX_MATCH_TOKENS);
    // One token says little, so it is asked only when two are found nowhere.
    const pairs = this.findMatches(tail, 2);
    const matches = pairs.length > 0 ? pairs : this.findMatches(tail, 1);
    const { ngrams } = this;
    if (matches.length === 0 && ngrams === undefined) {
      return EMPTY_DRAFT;
    }
    return growTree({ matches, ngrams, tail: tail.slice(-MAX_CONTEXT_TOKENS) }, maxNodes, this.estimate);
  }

  end(generated: readonly number[]): void {
    this.extendDocument(generated);
    if (this.suggestions.length > MAX_SUGGESTION_TOKENS) {
      this.suggestions = new TokenIndex(this.suggestions.last(MAX_SUGGESTION_TOKENS / 2));
    }
    this.suggestions.append([BOUNDARY, ...this.document.last(generated.length + LEAD_TOKENS)]);
  }

  private extendDocument(generated: readonly number[]): void {
    this.document.append(generated.slice(this.generatedCount));
    this.generatedCount = generated.length;
  }

  /** The longest matches, and among equals the likelier corpus, then the nearest place. */
  private findMatches(tail: readonly number[], gram: Gram): readonly Match[] {
    const find = (corpus: Corpus, index: TokenIndex): Match[] =>
      index.find(tail, gram, MAX_PLACES).map(({ next, length }) => ({ corpus, index, next, length }));
    const matches = [
      ...find('document', this.document),
      ...find('suggestions', this.suggestions),
      // Nearest the cursor first, as in the other direction.
      ...find('after', this.after).reverse(),
      ...this.others.flatMap((index) => find('others', index)),
    ];
    return matches.sort((left, right) => right.length - left.length).slice(0, MAX_MATCHES);
  }

  private indexOf(tokens: readonly number[]): TokenIndex {
    const known = this.otherIndexes.get(tokens);
    if (known !== undefined) {
      return known;
    }
    const index = new TokenIndex(tokens);
    this.otherIndexes.set(tokens, index);
    return index;
  }
}
