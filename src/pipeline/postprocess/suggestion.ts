/** What a request ends in: text to show, or the one reason why there is none. */
export interface Suggestion {
  readonly kind: 'suggestion';
  /** Text to insert at the cursor, with the document's line endings. */
  readonly text: string;
  /** UTF-16 units after the cursor that the text replaces, all on the cursor's line; 0 for a pure insertion. */
  readonly replaceChars: number;
}

export interface NoSuggestion {
  readonly kind: 'no-suggestion';
  readonly reason: NoSuggestionReason;
  /** The particulars, for the explain command and the log; never file contents. */
  readonly detail?: string;
}

/** Every way to end without a suggestion; `describeReason` has a sentence for each. */
export type NoSuggestionReason =
  | 'disabled'
  | 'language-disabled'
  | 'snoozed'
  | 'scheme-not-supported'
  | 'read-only'
  | 'excluded'
  | 'not-included'
  | 'document-too-large'
  | 'blank-document'
  | 'not-requested'
  | 'several-cursors'
  | 'engine-not-ready'
  | 'engine-failed'
  | 'prompt-too-long'
  | 'cancelled'
  | 'superseded'
  | 'inside-comment'
  | 'inside-string'
  | 'inside-prose'
  | 'statement-ended'
  | 'empty'
  | 'only-blanks'
  | 'control-text'
  | 'chat'
  | 'placeholder'
  | 'cut-off'
  | 'repeats-typed'
  | 'repeats-line-above'
  | 'repeats-suffix'
  | 'already-closed'
  | 'syntax-error'
  | 'not-confident'
  | 'conflicts-with-selected-completion';

export function noSuggestion(reason: NoSuggestionReason, detail?: string): NoSuggestion {
  return { kind: 'no-suggestion', reason, ...(detail === undefined ? {} : { detail }) };
}

/** One sentence a person can act on. */
export function describeReason(reason: NoSuggestionReason): string {
  return SENTENCES[reason];
}

const SENTENCES: Readonly<Record<NoSuggestionReason, string>> = {
  disabled: 'Suggestions are turned off (setting foretoken.enabled).',
  'language-disabled': 'Suggestions are turned off for this language (setting foretoken.languages).',
  snoozed: 'Suggestions are snoozed; the command "End Snooze" or the status bar item ends that.',
  'scheme-not-supported': 'This kind of editor is not completed (output, source control and similar views).',
  'read-only': 'This file cannot be written, so nothing is suggested in it.',
  excluded: 'This file is left out by a glob of the setting foretoken.exclude.',
  'not-included': 'This file is left out: no glob of the setting foretoken.include matches it.',
  'document-too-large': 'The document is larger than the limit of 10 million characters.',
  'blank-document': 'The document is blank: there is nothing yet to go on from.',
  'not-requested': 'Suggestions appear only on request (setting foretoken.trigger is manual).',
  'several-cursors': 'With several cursors nothing is suggested.',
  'engine-not-ready': 'The engine is still starting or its model is not there yet; the status bar says which.',
  'engine-failed': 'The engine failed on this request; the log has the message, and it restarts by itself.',
  'prompt-too-long': 'The text around the cursor does not fit the model.',
  cancelled: 'The request was cancelled, usually because the cursor moved on.',
  superseded: 'A newer request for the same document took its place.',
  'inside-comment': 'Suggestions are turned off inside comments.',
  'inside-string': 'Suggestions are turned off inside strings.',
  'inside-prose': 'Suggestions are turned off in text that is not code.',
  'statement-ended': 'The suggestion just accepted ended its statement; type or go to the next line for another.',
  empty: 'The model had nothing to add here.',
  'only-blanks': 'The model wrote nothing but white space.',
  'control-text': 'The model wrote the markers of its prompt instead of code.',
  chat: 'The model began to talk about the code instead of writing it.',
  placeholder: 'The model left a placeholder such as a TODO comment instead of code.',
  'cut-off': 'The text was cut by the token budget before a whole word was there (setting foretoken.maxTokens).',
  'repeats-typed': 'The model only repeated what is typed before the cursor.',
  'repeats-line-above': 'The model only repeated the line above.',
  'repeats-suffix': 'The model only repeated the text that already stands after the cursor.',
  'already-closed': 'The model only closed brackets that are closed already.',
  'syntax-error': 'The text would have been a syntax error here.',
  'not-confident': 'The model was not sure enough of its text (setting foretoken.quietness).',
  'conflicts-with-selected-completion': 'The text does not fit the entry selected in the suggestion list.',
};
