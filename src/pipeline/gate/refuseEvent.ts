import type { NoSuggestion } from '../postprocess/suggestion.ts';
import { noSuggestion } from '../postprocess/suggestion.ts';

/** What decides whether an editor event is answered at all. */
export interface EventFacts {
  readonly isEnabled: boolean;
  readonly isLanguageEnabled: boolean;
  /** Suggestions while typing are off for a while. */
  readonly isSnoozed: boolean;
  readonly languageId: string;
  /** Scheme of the document's address. */
  readonly scheme: string;
  /** The document's file system cannot be written. */
  readonly isReadOnly: boolean;
  /** Why the settings leave this file out, with the glob that does. */
  readonly exclusion:
    | { readonly kind: 'excluded'; readonly glob: string }
    | { readonly kind: 'not-included' }
    | undefined;
  readonly documentChars: number;
  readonly cursors: number;
  /** The user asked for a suggestion, rather than typed. */
  readonly isExplicit: boolean;
  readonly trigger: 'automatic' | 'manual';
}

/** A copy of the text crosses no process, but planning reads it, and an editor shows such files without its own features. */
export const MAX_DOCUMENT_CHARS = 10_000_000;

/** Views that look like documents and are not written in: output, source control and comment inputs, our own report. */
const READ_ONLY_SCHEMES = [
  'output',
  'vscode-scm',
  'comment',
  'git',
  'search-editor',
  'vscode-terminal',
  'foretoken-report',
  'foretoken-help',
];

/** Why nothing is suggested for this event, cheapest question first; undefined to go on. */
export function refuseEvent(facts: EventFacts): NoSuggestion | undefined {
  if (!facts.isEnabled) {
    return noSuggestion('disabled');
  }
  if (!facts.isLanguageEnabled) {
    return noSuggestion('language-disabled', facts.languageId);
  }
  if (READ_ONLY_SCHEMES.includes(facts.scheme)) {
    return noSuggestion('scheme-not-supported', facts.scheme);
  }
  if (facts.isReadOnly) {
    return noSuggestion('read-only', facts.scheme);
  }
  if (facts.exclusion !== undefined) {
    return facts.exclusion.kind === 'excluded'
      ? noSuggestion('excluded', facts.exclusion.glob)
      : noSuggestion('not-included');
  }
  if (facts.documentChars > MAX_DOCUMENT_CHARS) {
    return noSuggestion('document-too-large');
  }
  if (facts.isSnoozed && !facts.isExplicit) {
    return noSuggestion('snoozed');
  }
  if (facts.trigger === 'manual' && !facts.isExplicit) {
    return noSuggestion('not-requested');
  }
  if (facts.cursors > 1) {
    return noSuggestion('several-cursors');
  }
  return undefined;
}
