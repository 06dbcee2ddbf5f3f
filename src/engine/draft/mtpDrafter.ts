import type { Drafter, DraftStep } from './drafter.ts';
import type { ChanceEstimate, HeadGuesses, MtpHead, MtpResult } from './draftHead.ts';
import { headBucket, priorChance } from './draftHead.ts';
import type { DraftNode, DraftTree } from './draftTree.ts';
import { EMPTY_DRAFT } from './draftTree.ts';

export interface MtpOptions {
  /** Tokens of a chain at most. Defaults to 3. */
  readonly maxDepth?: number;
  /** No token is drafted after one that is less likely than this to be reached and right. Defaults to 0.25. */
  readonly minSurvival?: number;
  /** Guesses for the first token, which cost no further run of the head. Defaults to 1. */
  readonly rootGuesses?: 1 | 2;
}

/**
 * Drafts a chain with a block that is run once per drafted token, on its own output.
 *
 * The head keeps the rows of committed tokens only: what was drafted is forgotten at the end of each draft, right or wrong,
 * because the target model's own hidden states of those tokens are better and come with the next step.
 */
export class MtpDrafter implements Drafter {
  readonly method = 'mtp';
  private readonly head: MtpHead;
  private readonly estimate: ChanceEstimate;
  private readonly maxDepth: number;
  private readonly minSurvival: number;
  private readonly rootGuesses: number;
  /** Length of `generated` up to which the head has seen this request's rows. */
  private seenTokens = 0;

  constructor(head: MtpHead, estimate: ChanceEstimate, options: MtpOptions = {}) {
    this.head = head;
    this.estimate = estimate;
    this.maxDepth = options.maxDepth ?? 3;
    this.minSurvival = options.minSurvival ?? 0.25;
    this.rootGuesses = options.rootGuesses ?? 1;
  }

  begin(): void {
    this.head.clear();
    this.seenTokens = 0;
  }

  async propose(step: DraftStep): Promise<DraftTree> {
    const result = await this.runNewRows(step);
    if (result === undefined) {
      return EMPTY_DRAFT;
    }
    const keptRows = this.head.rowCount;
    try {
      return await this.draftChain(result, step.maxNodes);
    } finally {
      this.head.forgetLast(this.head.rowCount - keptRows);
    }
  }

  /** Feeds the rows that were committed since the last draft; the last of them chose the last generated token. */
  private async runNewRows({ generated, hiddenStates }: DraftStep): Promise<MtpResult | undefined> {
    const { head } = this;
    const newRows = generated.length - this.seenTokens;
    const goesOn = this.seenTokens > 0 && newRows > 0 && newRows <= head.window;
    if (!goesOn) {
      head.clear();
    }
    const rows = hiddenStates(goesOn ? newRows : head.window);
    if (rows === undefined || rows.tokens.length === 0) {
      return undefined;
    }
    const nextTokens = [...rows.tokens.slice(1), generated.at(-1)!];
    // Until the run has succeeded the head's rows are not what `seenTokens` says.
    this.seenTokens = 0;
    const result = await head.run({ hidden: rows.rows, nextTokens });
    this.seenTokens = generated.length;
    return result;
  }

  private async draftChain(first: MtpResult, maxNodes: number): Promise<DraftTree> {
    const chain: DraftNode[] = [];
    let { guesses, state } = first;
    let survival = 1;
    for (;;) {
      const depth = chain.length;
      const node = this.node(guesses, 0, depth);
      chain.push(node);
      survival *= node.chance;
      if (chain.length >= Math.min(this.maxDepth, maxNodes) || survival < this.minSurvival) {
        break;
      }
      ({ guesses, state } = await this.head.run({ hidden: state, nextTokens: [node.token] }));
    }
    // Last, so that whoever takes only the start of a draft gets the chain.
    const hasSibling = this.rootGuesses > 1 && chain.length < maxNodes && first.guesses.ids.length > 1;
    return hasSibling ? [...chain, this.node(first.guesses, 1, 0)] : chain;
  }

  private node({ ids, probabilities }: HeadGuesses, rank: number, depth: number): DraftNode {
    const { calibration } = this.head;
    const bucket = headBucket(calibration, depth, probabilities[rank]!);
    const chance = this.estimate(bucket, priorChance(calibration, bucket));
    const parent = rank === 0 ? depth - 1 : -1;
    return { token: ids[rank]!, parent, source: 'mtp', bucket, chance };
  }
}
