import type { CompletionParameters, GeneratedText } from '../../inference/protocol.ts';
import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { Suggestion } from '../postprocess/suggestion.ts';
import type { ShownSuggestion } from './typeThrough.ts';
import { continueSuggestion } from './typeThrough.ts';

/** Shown ones, and as many prepared ones. */
const MAX_ENTRIES = 24;
/** Each entry holds its document's text as it was; the newest of either kind stays in any case. */
const MAX_CHARS = 4_000_000;

export interface HistoryEntry extends ShownSuggestion {
  /** How one was made that was prepared while nobody waited; gone once it was seen. */
  readonly account?: PreparationAccount;
}

export interface PreparationAccount {
  readonly request: CompletionParameters;
  readonly generated: GeneratedText;
  /** It is the whole of a suggestion whose beginning was shown; `generated` tells of both requests that wrote it. */
  readonly isGrown: boolean;
}

export interface ContinuedSuggestion {
  readonly entry: HistoryEntry;
  /** What is left of it. */
  readonly suggestion: Suggestion;
}

/**
 * The last suggestions with their places: who types along one, deletes back into one or returns to its place is answered
 * without the model. What the text was around a suggestion must be the same to the last character.
 */
export class SuggestionHistory {
  /** Newest first. */
  private entries: HistoryEntry[] = [];
  private readonly maxEntries: number;

  constructor(maxEntries: number = MAX_ENTRIES) {
    this.maxEntries = maxEntries;
  }

  remember(entry: HistoryEntry): void {
    this.entries.unshift(entry);
    let chars = 0;
    const counts = { shown: 0, prepared: 0 };
    this.entries = this.entries.filter(({ snapshot, account }) => {
      chars += snapshot.text.length;
      const count = ++counts[account === undefined ? 'shown' : 'prepared'];
      return count === 1 || (count <= this.maxEntries && chars <= MAX_CHARS);
    });
  }

  forget(entry: HistoryEntry): void {
    this.entries = this.entries.filter((other) => other !== entry);
  }

  clear(): void {
    this.entries = [];
  }

  /** The newest suggestion that has something left at this place. */
  continueAt(snapshot: DocumentSnapshot): ContinuedSuggestion | undefined {
    for (const entry of this.entries) {
      const suggestion = continueSuggestion(entry, snapshot);
      if (suggestion !== undefined) {
        return { entry, suggestion };
      }
    }
    return undefined;
  }
}
