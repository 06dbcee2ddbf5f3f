/** What a grammar makes of a text, as far as the pipeline asks: only where it does not fit. */

/** A part of a text that is no sentence of its language. Offsets in UTF-16 units. */
export interface SyntaxFault {
  /** `missing`: something is not there that must be; it has no extent. `error`: what stands there fits nowhere. */
  readonly kind: 'error' | 'missing';
  readonly start: number;
  readonly end: number;
}

export interface SourceParser {
  /** In the order of their beginnings; undefined when it would take too long to find out. */
  findFaults(text: string): readonly SyntaxFault[] | undefined;
}

export interface SourceParsers {
  /** Undefined for a language without a grammar, and until the grammar is loaded, which this begins. */
  parserFor(languageId: string): SourceParser | undefined;
}
