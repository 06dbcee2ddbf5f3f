import type { Prompt } from '../../inference/protocol.ts';
import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import { chooseColdBudget, chooseContextChars } from '../prompt/chooseBudget.ts';
import type { PromptBudget, PromptPlan } from '../prompt/planPrompt.ts';
import {
  continuePlan,
  countLineFeeds,
  DEFAULT_PROMPT_BUDGET,
  IDLE_ANCHOR,
  planPrompt,
  TYPING_ANCHOR,
} from '../prompt/planPrompt.ts';
import type { Feature } from './features.ts';

/** Documents whose plans are kept; a plan holds a few kilobytes of text. */
const MAX_DOCUMENTS = 50;
/** From here on an anchor is better moved in idle time than later, when somebody types. */
const FAR_ANCHOR_LINES = 20;
/** So much of the window may be full before it is better moved in idle time. */
const FULL_WINDOW = 0.9;

/** Fewer fresh tokens say more about the fixed cost of a forward than about the device's speed. */
const SPEED_TOKENS = 64;

/** A plan with the engine's cache that holds its prompt. */
export interface PlannedPrompt {
  readonly plan: PromptPlan;
  readonly cacheId: string;
  /** The window that it was made with. */
  readonly budget: PromptBudget;
  /** Chosen once with the plan: a change would cost the whole cache. */
  readonly context: Prompt['context'];
  /** `OtherFiles.key` when other files were last looked at; undefined when there was no time to. */
  readonly contextKey: string | undefined;
}

/** Where a plan's context comes from. */
export interface OtherFiles {
  /** Changes when there are other files, or definitions, than before. */
  readonly key: string;
  /** Texts that a context is better with. */
  readonly definitions?: readonly string[];
  readonly choose: (snapshot: DocumentSnapshot, budgetChars: number) => Prompt['context'];
}

export interface PromptPlansOptions {
  readonly without: ReadonlySet<Feature>;
  /** Fixed, for measurements; otherwise by the device's speed. */
  readonly contextChars?: number | undefined;
}

interface DocumentPlans {
  standing: PlannedPrompt;
  /** Being read in idle time, into a cache of its own: the standing one serves until this one is whole. */
  moving: PlannedPrompt | undefined;
}

/**
 * Which part of each document the model sees, from one request to the next.
 *
 * Somebody who waits gets a plan that costs little: the standing one, or a new one with a window that the device reads soon.
 * In idle time a better one is read beside it: the whole window, an anchor near the cursor at the start of a statement.
 */
export class PromptPlans {
  /** Least recently used first. */
  private readonly documents = new Map<string, DocumentPlans>();
  private readonly options: PromptPlansOptions;
  private prefillTokensPerSecond: number | undefined;

  constructor(options: PromptPlansOptions) {
    this.options = options;
  }

  setPrefillSpeed(tokensPerSecond: number | undefined): void {
    this.prefillTokensPerSecond = tokensPerSecond;
  }

  /** Hears what reading a prompt took. */
  notePrefill(freshTokens: number, ms: number): void {
    if (freshTokens < SPEED_TOKENS || ms <= 0) {
      return;
    }
    const speed = (1000 * freshTokens) / ms;
    this.prefillTokensPerSecond = ((this.prefillTokensPerSecond ?? speed) + speed) / 2;
  }

  /** The plan for a request. */
  take(snapshot: DocumentSnapshot, others: OtherFiles): PlannedPrompt {
    const kept = this.documents.get(snapshot.documentId);
    const standing = this.standing(snapshot);
    if (kept !== undefined && standing !== undefined) {
      this.keep(snapshot.documentId, { ...kept, standing });
      return standing;
    }
    const budget = this.coldBudget;
    const plan = planPrompt(snapshot, undefined, budget, TYPING_ANCHOR);
    const cacheId = kept?.standing.cacheId ?? snapshot.documentId;
    const made = { plan, cacheId, budget, ...chooseContext(snapshot, others, this.contextChars('cold')) };
    this.keep(snapshot.documentId, { standing: made, moving: undefined });
    return made;
  }

  /** The standing plan, where it still holds: its cache serves this snapshot. */
  standing(snapshot: DocumentSnapshot): PlannedPrompt | undefined {
    const standing = this.documents.get(snapshot.documentId)?.standing;
    return standing && continued(standing, snapshot);
  }

  /** A plan that is worth reading in idle time, in place of the standing one; undefined while that is as good. */
  move(snapshot: DocumentSnapshot, others: OtherFiles): PlannedPrompt | undefined {
    const kept = this.documents.get(snapshot.documentId);
    if (kept === undefined || this.options.without.has('move')) {
      return undefined;
    }
    const moving = kept.moving && continued(kept.moving, snapshot);
    const moved = moving ?? this.betterPlan(kept.standing, snapshot, others);
    const { standing } = this.documents.get(snapshot.documentId) ?? kept;
    this.keep(snapshot.documentId, { standing, moving: moved });
    return moved;
  }

  /** The plan that was moving is in its cache as a whole and stands from here on. */
  adopt(documentId: string): void {
    const kept = this.documents.get(documentId);
    if (kept?.moving !== undefined) {
      this.keep(documentId, { standing: kept.moving, moving: undefined });
    }
  }

  /** Forgets the plans in which there is something of other files. */
  forgetContext(): void {
    for (const [documentId, { standing, moving }] of this.documents) {
      if (standing.context !== undefined) {
        this.documents.delete(documentId);
      } else if (moving?.context !== undefined) {
        this.documents.set(documentId, { standing, moving: undefined });
      }
    }
  }

  /** UTF-16 units of other files that a prompt has room for. */
  contextChars(when: 'cold' | 'idle'): number {
    const { without, contextChars } = this.options;
    return without.has('context') ? 0 : (contextChars ?? chooseContextChars(this.prefillTokensPerSecond, when));
  }

  private get coldBudget(): PromptBudget {
    return this.options.without.has('window') ? DEFAULT_PROMPT_BUDGET : chooseColdBudget(this.prefillTokensPerSecond);
  }

  private betterPlan(
    standing: PlannedPrompt,
    snapshot: DocumentSnapshot,
    others: OtherFiles,
  ): PlannedPrompt | undefined {
    const current = continued(standing, snapshot);
    if (current === undefined) {
      return undefined;
    }
    const plan = planPrompt(snapshot, undefined, DEFAULT_PROMPT_BUDGET, IDLE_ANCHOR);
    const contextChars = this.contextChars('idle');
    const looksElsewhere =
      contextChars > 0 && standing.contextKey !== others.key && isLacking(standing.context, others.definitions);
    if (!isBetter(plan, current.plan, snapshot) && !looksElsewhere) {
      return undefined;
    }
    const chosen = chooseContext(snapshot, others, contextChars);
    if (!isBetter(plan, current.plan, snapshot) && chosen.context === undefined) {
      this.keep(snapshot.documentId, { standing: { ...standing, contextKey: others.key }, moving: undefined });
      return undefined;
    }
    const cacheId = otherCache(standing.cacheId, snapshot.documentId);
    return { plan, cacheId, budget: DEFAULT_PROMPT_BUDGET, ...chosen };
  }

  private keep(documentId: string, plans: DocumentPlans): void {
    this.documents.delete(documentId);
    this.documents.set(documentId, plans);
    const [oldest] = this.documents.keys();
    if (this.documents.size > MAX_DOCUMENTS && oldest !== undefined) {
      this.documents.delete(oldest);
    }
  }
}

/** A window may grow by typing up to the whole one: what is added costs only itself. */
function continued(planned: PlannedPrompt, snapshot: DocumentSnapshot): PlannedPrompt | undefined {
  const { afterChars } = planned.budget;
  const plan = continuePlan(planned.plan, snapshot, { ...DEFAULT_PROMPT_BUDGET, afterChars });
  return plan && { ...planned, plan };
}

function isBetter(plan: PromptPlan, { windowStart, anchor, suffix }: PromptPlan, { text, offset }: DocumentSnapshot) {
  const isNarrow = plan.windowStart < windowStart || plan.suffix.length > suffix.length;
  const isFar = countLineFeeds(text, anchor, offset) > FAR_ANCHOR_LINES && plan.anchor > anchor;
  const isFull =
    offset - windowStart > FULL_WINDOW * DEFAULT_PROMPT_BUDGET.beforeChars && plan.windowStart > windowStart;
  return isNarrow || isFar || isFull;
}

function isLacking(context: Prompt['context'], definitions: readonly string[] = []): boolean {
  return (
    context === undefined || definitions.some((definition) => !context.files.some(({ text }) => text === definition))
  );
}

function chooseContext(snapshot: DocumentSnapshot, others: OtherFiles, budgetChars: number) {
  return budgetChars === 0
    ? { context: undefined, contextKey: undefined }
    : { context: others.choose(snapshot, budgetChars), contextKey: others.key };
}

/** Each document has two caches, one that serves and one that is being filled. */
function otherCache(cacheId: string, documentId: string): string {
  return cacheId === documentId ? `${documentId}#2` : documentId;
}
