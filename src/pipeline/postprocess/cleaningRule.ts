import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { Place } from '../syntax/classifyPlace.ts';
import type { LanguageSyntax } from '../syntax/languageSyntax.ts';
import type { ScanState } from '../syntax/scanSource.ts';
import type { SourceParser } from '../syntax/sourceParser.ts';
import type { NoSuggestionReason } from './suggestion.ts';

/** The text on its way to the editor, line feeds only. */
export interface Draft {
  readonly text: string;
  /** UTF-16 units after the cursor that the text replaces. */
  readonly replaceChars: number;
}

/** Where the text is to stand. */
export interface CleaningPlace {
  readonly snapshot: DocumentSnapshot;
  readonly stopReason: string;
  /** The cursor's line, up to and from the cursor. */
  readonly linePrefix: string;
  readonly rest: string;
  readonly place: Place;
  /** Of an unknown language: one in which only brackets mean something. */
  readonly syntax: LanguageSyntax;
  /** At the cursor. */
  readonly state: ScanState;
  /** Where the language has a grammar that is loaded. */
  readonly parser: SourceParser | undefined;
}

/** One thing that is wrong with generated texts, and its repair. */
export interface CleaningRule {
  readonly apply: (draft: Draft, place: CleaningPlace) => Draft;
  /** Why nothing is shown when this rule leaves nothing. */
  readonly reason: NoSuggestionReason;
}
