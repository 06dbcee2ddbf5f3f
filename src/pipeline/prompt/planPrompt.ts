/**
 * Chooses which part of the file the model sees, so that typing only appends to the prompt (ARCHITECTURE.md, Prompt):
 * ```
 *  window start ┐
 *               │ prefix          <|fim_prefix|> … <|fim_suffix|> suffix <|fim_middle|> tail
 *  anchor       ┤
 *               │ tail
 *  cursor       ┤
 *               │ suffix
 *  suffix end   ┘
 * ```
 * A plan stands while typing moves only the cursor: the next request keeps its window start, anchor and suffix end, and
 * costs its own few tokens. Measured on 67 positions: from 3 to 40 lines above the cursor an anchor costs no
 * quality, at the start of the cursor's own line it costs 10 points.
 */
import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import { indentationWidth } from '../syntax/lines.ts';

export interface PromptBudget {
  /** Most UTF-16 units of prefix and tail together; about 3.3 of them make a token. */
  readonly beforeChars: number;
  readonly afterChars: number;
}

/**
 * About 600 tokens before the cursor and 190 after it: lengths at which quality was measured, and a cold prefill of
 * two to five seconds on two cores.
 */
export const DEFAULT_PROMPT_BUDGET: PromptBudget = { beforeChars: 2000, afterChars: 640 };

export interface AnchorDistances {
  /** Lines between a new anchor and the cursor's line, at least. */
  readonly newLines: number;
  /** An anchor further above is left. */
  readonly mostLines: number;
  /** A new anchor goes to the best start of a statement or block from `newLines` up to this many lines above. */
  readonly searchLines: number;
}

/** While somebody types there is no time to be choosy: the nearest line at which quality was measured. */
export const TYPING_ANCHOR: AnchorDistances = { newLines: 3, mostLines: 40, searchLines: 3 };
/** In idle time the anchor goes where a statement starts, which is also where a reader would cut. */
export const IDLE_ANCHOR: AnchorDistances = { newLines: 3, mostLines: 40, searchLines: 10 };

export interface PromptPlan {
  readonly documentId: string;
  readonly prefix: string;
  readonly suffix: string;
  /** Anchor to cursor. */
  readonly tail: string;
  /** UTF-16 offsets into the snapshot's text. */
  readonly windowStart: number;
  readonly anchor: number;
}

/** Plans the prompt for a snapshot, keeping the previous plan's window and anchor where they still hold. */
export function planPrompt(
  snapshot: DocumentSnapshot,
  previous: PromptPlan | undefined,
  budget: PromptBudget = DEFAULT_PROMPT_BUDGET,
  anchors: AnchorDistances = TYPING_ANCHOR,
): PromptPlan {
  const continued = previous && continuePlan(previous, snapshot, budget, anchors);
  if (continued !== undefined) {
    return continued;
  }
  const { text, offset, documentId } = snapshot;
  const windowStart = chooseWindowStart(text, offset, budget.beforeChars);
  const anchor = Math.max(windowStart, chooseAnchor(text, offset, anchors));
  return {
    documentId,
    prefix: text.slice(windowStart, anchor),
    suffix: cutSuffix(text, offset, budget.afterChars),
    tail: text.slice(anchor, offset),
    windowStart,
    anchor,
  };
}

/** The plan with its window and anchor, as it is for this snapshot; undefined when they hold no longer. */
export function continuePlan(
  plan: PromptPlan,
  snapshot: DocumentSnapshot,
  budget: PromptBudget = DEFAULT_PROMPT_BUDGET,
  anchors: AnchorDistances = TYPING_ANCHOR,
): PromptPlan | undefined {
  const { text, offset } = snapshot;
  return stillHolds(plan, snapshot, budget, anchors)
    ? { ...plan, suffix: cutSuffix(text, offset, budget.afterChars), tail: text.slice(plan.anchor, offset) }
    : undefined;
}

/** The plain layout, for comparison: everything before the cursor in the prefix part. */
export function planPlainPrompt(snapshot: DocumentSnapshot, budget: PromptBudget = DEFAULT_PROMPT_BUDGET): PromptPlan {
  const { text, offset, documentId } = snapshot;
  const windowStart = chooseWindowStart(text, offset, budget.beforeChars);
  const suffix = cutSuffix(text, offset, budget.afterChars);
  return { documentId, prefix: text.slice(windowStart, offset), suffix, tail: '', windowStart, anchor: offset };
}

function stillHolds(
  previous: PromptPlan,
  snapshot: DocumentSnapshot,
  budget: PromptBudget,
  { mostLines }: AnchorDistances,
): boolean {
  const { text, offset, documentId } = snapshot;
  if (previous.documentId !== documentId || offset < previous.anchor) {
    return false;
  }
  if (offset - previous.windowStart > budget.beforeChars) {
    return false;
  }
  if (text.slice(previous.windowStart, previous.anchor) !== previous.prefix) {
    return false;
  }
  const linesAbove = countLineFeeds(text, previous.anchor, offset);
  // Near the start of the window there may be fewer lines to stand above.
  return linesAbove <= mostLines && (linesAbove >= 1 || previous.anchor === previous.windowStart);
}

/**
 * Start of the window: the file's start while it fits, then a line start that moves in steps of a third of the budget, so
 * that a growing file invalidates the cache rarely.
 */
function chooseWindowStart(text: string, offset: number, beforeChars: number): number {
  if (offset <= beforeChars) {
    return 0;
  }
  const step = Math.floor(beforeChars / 3);
  const earliest = Math.ceil((offset - beforeChars) / step) * step;
  const lineEnd = text.indexOf('\n', earliest - 1);
  // A single line longer than the window is cut inside.
  return lineEnd === -1 || lineEnd + 1 > offset ? earliest : lineEnd + 1;
}

/**
 * The anchor for a cursor. Among the lines that may have it, the least indented that starts something: not a blank line, a
 * closing bracket or the other half of a condition; the nearest among equals.
 */
function chooseAnchor(text: string, offset: number, { newLines, searchLines }: AnchorDistances): number {
  const nearest = lineStartAbove(text, offset, newLines);
  let best = nearest;
  let bestIndentation = Number.POSITIVE_INFINITY;
  let start = nearest;
  for (let lines = newLines; lines <= searchLines && newLines < searchLines; lines++) {
    const lineEnd = text.indexOf('\n', start);
    const line = text.slice(start, lineEnd === -1 ? text.length : lineEnd);
    const indentation = indentationWidth(line);
    if (indentation < bestIndentation && startsSomething(line)) {
      best = start;
      bestIndentation = indentation;
    }
    if (start === 0) {
      break;
    }
    start = text.lastIndexOf('\n', start - 2) + 1;
  }
  return best;
}

function startsSomething(line: string): boolean {
  return !/^\s*($|[)\]}]|(else|elif|elsif|except|catch|finally|end|done|fi|esac)\b)/.test(line);
}

/** Start of the line `count` lines above the cursor's, or of the text. */
function lineStartAbove(text: string, offset: number, count: number): number {
  let start = offset;
  for (let index = 0; index <= count; index++) {
    const lineEnd = start === 0 ? -1 : text.lastIndexOf('\n', start - 1);
    if (lineEnd === -1) {
      return 0;
    }
    start = index === count ? lineEnd + 1 : lineEnd;
  }
  return start;
}

/** Text after the cursor up to a line end, which stays put while the cursor's line changes. */
function cutSuffix(text: string, offset: number, afterChars: number): string {
  if (text.length - offset <= afterChars) {
    return text.slice(offset);
  }
  const lineEnd = text.lastIndexOf('\n', offset + afterChars);
  return text.slice(offset, lineEnd > offset ? lineEnd : offset + afterChars);
}

export function countLineFeeds(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) {
    count++;
  }
  return count;
}
