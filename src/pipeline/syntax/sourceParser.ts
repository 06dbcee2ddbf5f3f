/** What a grammar makes of a text, as far as the pipeline asks: only where it does not fit. */

/** A part of a text that is no sentence of its language. Offsets in UTF-16 units. */
export interface SyntaxFault {
  /** `missing`: something is not there that must be; it has no extent. `error`: what stands there fits nowhere. */
  readonly kind: 'error' | 'missing';
  readonly start: number;
  readonly end: number;
}

/** What stands in a text in addition; offset in UTF-16 units. */
export interface TextInsertion {
  readonly at: number;
  readonly inserted: string;
}

export interface SourceParser {
  /**
   * In the order of their beginnings, with offsets in the whole text; undefined when it would take too long to find out.
   * Several insertions into the same text are cheap when they are asked for one after the other.
   */
  findFaults(text: string, insertion?: TextInsertion): readonly SyntaxFault[] | undefined;
}

export interface SourceParsers {
  /** Undefined for a language without a grammar, and until the grammar is loaded, which this begins. */
  parserFor(languageId: string): SourceParser | undefined;
}
