import type { Clock } from '../../base/clock.ts';
import type { Drafter, DraftStep } from './drafter.ts';
import type { ChanceEstimate, HeadGuesses, MtpHead, MtpResult } from './draftHead.ts';
import { headBucket, priorChance } from './draftHead.ts';
import type { DraftNode, DraftTree } from './draftTree.ts';
import { EMPTY_DRAFT } from './draftTree.ts';

export interface MtpOptions {
  /** Tokens of a chain at most. Defaults to 4. */
  readonly maxDepth?: number;
  /** Guesses for the first token, which cost no further run of the head. Defaults to 1. */
  readonly rootGuesses?: 1 | 2;
}

/** Weight of one more observation in what is known about the head's runs. */
const RUN_WEIGHT = 0.05;
/** How likely the next token is after one of chance 0–0.2, 0.2–0.4, …: sure places come in a row. Rather too good, so that it is tried. */
const USUAL_NEXT_CHANCE = [0.4, 0.45, 0.55, 0.65, 0.8] as const;
/** How fast what was learned goes back to that where no run is worth it: else a bad phase would last, as nothing is learned there. */
const FADING = 0.01;

/**
 * Drafts a chain with a block that is run once per drafted token, on its own output, as long as the next one pays.
 *
 * The head keeps the rows of committed tokens only: what was drafted is forgotten at the end of each draft, right or wrong,
 * because the target model's own hidden states of those tokens are better and come with the next step. Rows stay from request to
 * request, since a keystroke leaves most of the text before the cursor as it was.
 */
export class MtpDrafter implements Drafter {
  readonly method = 'mtp';
  private readonly head: MtpHead;
  private readonly estimate: ChanceEstimate;
  private readonly clock: Clock;
  private readonly maxDepth: number;
  private readonly rootGuesses: number;
  /** Tokens behind the head's rows: row `i` was fed `text[i]` and `text[i + 1]`. Empty where the rows are not known. */
  private text: readonly number[] = [];
  /** Length of `generated` at the last draft of this request. */
  private seenTokens: number | undefined;
  /** Running means over the runs that draft a token after a drafted one: their time, and the chance of the token by the one before. */
  private runMs = 0;
  private readonly nextChances: number[] = [...USUAL_NEXT_CHANCE];

  constructor(head: MtpHead, estimate: ChanceEstimate, clock: Clock, options: MtpOptions = {}) {
    this.head = head;
    this.estimate = estimate;
    this.clock = clock;
    this.maxDepth = options.maxDepth ?? 4;
    this.rootGuesses = options.rootGuesses ?? 1;
  }

  begin(): void {
    this.seenTokens = undefined;
    if (this.head.user !== this) {
      this.head.user = this;
      this.head.clear();
    }
  }

  async propose(step: DraftStep): Promise<DraftTree> {
    const result = await this.runNewRows(step);
    if (result === undefined) {
      return EMPTY_DRAFT;
    }
    const { text } = this;
    // Until drafted rows are forgotten, the head has others: an error in between must leave no false record.
    this.text = [];
    const chain = await this.draftChain(result, step);
    this.text = text;
    return chain;
  }

  /** Feeds the rows that the head has not seen; the last of them is that of the token before the last known one. */
  private async runNewRows({ generated, lastToken, hiddenStates }: DraftStep): Promise<MtpResult | undefined> {
    const { head } = this;
    const window = hiddenStates(head.window);
    if (window === undefined || window.tokens.length === 0) {
      return undefined;
    }
    const text = [...window.tokens, lastToken];
    // The head drops its oldest rows now and then.
    const older = this.text.slice(-head.rowCount - 1);
    const sinceLast = generated.length - (this.seenTokens ?? generated.length);
    // Only tokens since the last draft are new, if it succeeded.
    const goesOn = older.length > 1 && sinceLast > 0 && sinceLast <= head.window;
    const { kept, newRows } = goesOn ? { kept: older.length - 1, newRows: sinceLast } : sharedRows(older, text);
    // Until the run has succeeded the head's rows are not what is noted here.
    this.text = [];
    if (kept === 0) {
      head.clear();
    } else {
      head.forgetLast(head.rowCount - kept);
    }
    const first = window.tokens.length - newRows;
    const size = window.rows.length / window.tokens.length;
    const result = await head.run({ hidden: window.rows.subarray(first * size), nextTokens: text.slice(first + 1) });
    this.text = [...older.slice(0, kept), ...text.slice(first)];
    this.seenTokens = generated.length;
    return result;
  }

  private async draftChain(first: MtpResult, { maxNodes, isWorth }: DraftStep): Promise<DraftTree> {
    const chain: DraftNode[] = [];
    let { guesses, state } = first;
    let survival = 1;
    let runs = 0;
    for (;;) {
      const node = this.node(guesses, 0, chain.length);
      chain.push(node);
      survival *= node.chance;
      if (chain.length >= Math.min(this.maxDepth, maxNodes)) {
        break;
      }
      const before = Math.min(USUAL_NEXT_CHANCE.length - 1, Math.floor(node.chance * USUAL_NEXT_CHANCE.length));
      const nextChance = this.nextChances[before]!;
      if (!isWorth(survival * nextChance, this.runMs, chain.length + 1)) {
        this.nextChances[before]! += FADING * (USUAL_NEXT_CHANCE[before]! - nextChance);
        break;
      }
      const startMs = this.clock.now();
      ({ guesses, state } = await this.head.run({ hidden: state, nextTokens: [node.token] }));
      runs++;
      this.runMs += RUN_WEIGHT * (this.clock.now() - startMs - this.runMs);
      this.nextChances[before]! += RUN_WEIGHT * (this.node(guesses, 0, chain.length).chance - nextChance);
    }
    this.head.forgetLast(runs);
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

/**
 * How many of the head's rows stay for a new request, and how many of its text's rows are new. A row is a token and the one after it.
 * Rows stay only if at least half of the new text's are among them, since a few equal ones may be chance, in another context. The last
 * row is always new, as its guesses are wanted.
 */
function sharedRows(
  older: readonly number[],
  text: readonly number[],
): { readonly kept: number; readonly newRows: number } {
  const count = text.length - 1;
  let best = { kept: 0, newRows: count };
  for (let from = 0; from + 1 < older.length; from++) {
    let rows = 0;
    while (rows < count - 1 && older[from + rows] === text[rows] && older[from + rows + 1] === text[rows + 1]) {
      rows++;
    }
    if (2 * rows >= count && count - rows <= best.newRows) {
      best = { kept: from + rows, newRows: count - rows };
    }
  }
  return best;
}
