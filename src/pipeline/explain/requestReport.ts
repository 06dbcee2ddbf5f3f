import type { CompletionResult } from '../../inference/protocol.ts';
import type { NoSuggestion, Suggestion } from '../postprocess/suggestion.ts';

/** Everything worth knowing about one request, gathered while it runs; texts of the file are kept as lengths only. */
export interface RequestReport {
  /** Wall-clock time in words. */
  readonly time: string;
  readonly trigger: 'typing' | 'command';
  readonly where: {
    readonly document: string;
    readonly languageId: string;
    /** Zero-based, as the editor counts inside. */
    readonly line: number;
    readonly column: number;
  };
  /** Setting key to the value that held for this document. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly engine: string;
  readonly outcome: Suggestion | NoSuggestion;
  /** The suggestion is the rest of an earlier one that the user types along. */
  readonly isContinued: boolean;
  /** It was made in advance, while the one before it was shown; its request is the one that is told of. */
  readonly isPrepared?: boolean;
  /** Its beginning was shown before; what is told is of both requests together, and `ms` is the beginning's. */
  readonly isGrown?: boolean;
  /** The prompt was made as if the selected entry of the suggestion list were accepted. */
  readonly followsSelectedEntry: boolean;
  readonly prompt?: {
    readonly prefixChars: number;
    readonly suffixChars: number;
    readonly tailChars: number;
    readonly extent: string;
    /** Parts of other files before the prompt. */
    readonly otherFiles?: readonly { readonly path: string; readonly chars: number }[];
  };
  readonly result?: CompletionResult;
  readonly ms: { readonly waited: number; readonly total: number };
}
