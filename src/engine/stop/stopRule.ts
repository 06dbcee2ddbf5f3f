import type { Line } from './lines.ts';

export interface StopContext {
  /** The cursor's line, up to the cursor. */
  readonly linePrefix: string;
  /** Text after the cursor. */
  readonly suffix: string;
  /** Nothing past the end of the line that the completion writes on. */
  readonly singleLine: boolean;
  /** True where code fences belong to the text, as in Markdown. */
  readonly allowsCodeFence: boolean;
  /**
   * The last line above the cursor's that is not blank: whether it opens a block says whether the whole block is wanted or one
   * statement. Without it the whole block is.
   */
  readonly lineAbove?: string;
  /** Most lines with something on them; without it any number. */
  readonly maxLines?: number;
}

/** Why the text ends where it ends. The first two come from the decode loop, the next two from the clock, the others from the rules. */
export type StopReason =
  | 'stop-token'
  | 'max-tokens'
  | 'deadline'
  | 'first-text'
  | 'line-end'
  | 'line-limit'
  | 'block-end'
  | 'statement-end'
  | 'suffix-repeats'
  | 'line-repeats'
  | 'code-fence';

export interface Stop {
  /** UTF-16 units of the text to keep. */
  readonly keep: number;
  readonly reason: StopReason;
}

/** One line of the text so far, seen by the rules in turn. */
export interface LineInText {
  readonly index: number;
  /** All lines of the text; those after `index` do not matter but for the fact that they are there. */
  readonly lines: readonly Line[];
  /** Its line feed is written. */
  readonly isComplete: boolean;
}

/**
 * Whether the text ends at this line. The answer must not change as the line and the text grow, or what is kept would depend
 * on how the text falls into tokens.
 */
export type StopRule = (at: LineInText, context: StopContext) => Stop | undefined;
