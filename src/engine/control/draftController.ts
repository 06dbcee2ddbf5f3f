import type { DraftTree } from '../draft/draftTree.ts';
import { survivalChances } from '../draft/draftTree.ts';
import type { AcceptanceCounts } from './acceptanceStatistics.ts';
import { AcceptanceStatistics } from './acceptanceStatistics.ts';
import type { CostPoints } from './costCurve.ts';
import { CostCurve } from './costCurve.ts';
import type { DraftPlanner, PlanLimits, VerifiedStep } from './draftPlanner.ts';
import { selectNodes, usableDraft } from './draftPlanner.ts';

/** Steps over which the running rate is taken, about. */
const RATE_STEPS = 50;

/** What is known about a device and a model; plain data, kept between runs. */
export interface ControllerState {
  readonly cost: CostPoints;
  readonly acceptance: AcceptanceCounts;
}

/** The same, alive: shared by the controllers of all drafting methods. */
export class DeviceKnowledge {
  readonly cost: CostCurve;
  readonly acceptance: AcceptanceStatistics;

  constructor(state: ControllerState) {
    this.cost = new CostCurve(state.cost);
    this.acceptance = new AcceptanceStatistics(state.acceptance);
  }

  snapshot(): ControllerState {
    return { cost: this.cost.snapshot(), acceptance: this.acceptance.snapshot() };
  }
}

/**
 * Decides by measured cost how much of a draft is verified.
 *
 * Decoding is a renewal process: in the long run `tokens per millisecond` is greatest when each step maximises
 * `expected tokens − λ · cost`, λ being the rate that is reached. A node adds its survival chance to the tokens and a row to
 * the cost, so the best tree of n nodes is the n nodes that are most likely to survive (arXiv 2402.12374 §3 for the product
 * model; a node is never likelier than its parent, so they are connected). Which tokens are written does not depend on any
 * of this.
 */
export class DraftController implements DraftPlanner {
  private readonly cost: CostCurve;
  private readonly acceptance: AcceptanceStatistics;
  private rateTokens: number;
  private rateMs: number;

  /** One controller per drafting method, since λ is what that method reaches. */
  constructor(knowledge: DeviceKnowledge) {
    this.cost = knowledge.cost;
    this.acceptance = knowledge.acceptance;
    this.rateTokens = 1;
    this.rateMs = this.cost.ms(1);
  }

  isWorth(expectedTokens: number, draftMs: number, rows: number): boolean {
    const rowMs = Math.max(0, this.cost.ms(rows) - this.cost.ms(rows - 1));
    return expectedTokens > this.rate * (this.cost.idle(draftMs) + rowMs);
  }

  choose(proposed: DraftTree, limits: PlanLimits): DraftTree {
    const draft = usableDraft(proposed, limits);
    const survival = survivalChances(draft);
    const bestFirst = [...survival.keys()].sort((left, right) => survival[right]! - survival[left]! || left - right);
    let expected = 1;
    let bestGain = expected - this.rate * this.cost.ms(1);
    let bestCount = 0;
    for (const [index, node] of bestFirst.slice(0, limits.maxNodes).entries()) {
      expected += survival[node]!;
      const gain = expected - this.rate * this.cost.ms(index + 2);
      if (gain > bestGain) {
        bestGain = gain;
        bestCount = index + 1;
      }
    }
    const kept = new Set(bestFirst.slice(0, bestCount));
    return selectNodes(draft, (node) => kept.has(node));
  }

  observe(step: VerifiedStep): void {
    this.acceptance.observe(step.proposed, step.written);
    this.cost.observe(step.rows, step.verifyMs);
    const ms = this.cost.ms(step.rows) + this.cost.idle(step.draftMs);
    this.rateTokens += (step.written.length - this.rateTokens) / RATE_STEPS;
    this.rateMs += (ms - this.rateMs) / RATE_STEPS;
  }

  /** Tokens per millisecond of an idle machine. */
  private get rate(): number {
    return this.rateTokens / this.rateMs;
  }
}
