import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { Suggestion } from '../postprocess/suggestion.ts';

/** The last suggestion, with the place it was made for. */
export interface ShownSuggestion {
  readonly documentId: string;
  /** UTF-16 offset of the cursor it was made for. */
  readonly offset: number;
  readonly textBefore: string;
  readonly textAfter: string;
  readonly suggestion: Suggestion;
}

export function rememberSuggestion(snapshot: DocumentSnapshot, suggestion: Suggestion): ShownSuggestion {
  return {
    documentId: snapshot.documentId,
    offset: snapshot.offset,
    textBefore: snapshot.text.slice(0, snapshot.offset),
    textAfter: snapshot.text.slice(snapshot.offset),
    suggestion,
  };
}

/**
 * What is left of a suggestion after the user typed along it, without asking the model again; undefined when anything else
 * changed, or nothing is left.
 */
export function continueSuggestion(shown: ShownSuggestion, snapshot: DocumentSnapshot): Suggestion | undefined {
  if (shown.documentId !== snapshot.documentId || snapshot.offset < shown.offset) {
    return undefined;
  }
  const typed = snapshot.text.slice(shown.offset, snapshot.offset);
  const text = withLineFeeds(shown.suggestion);
  if (!text.startsWith(typed) || text.length === typed.length) {
    return undefined;
  }
  const isSamePlace =
    snapshot.text.length === shown.textBefore.length + typed.length + shown.textAfter.length &&
    snapshot.text.startsWith(shown.textBefore) &&
    snapshot.text.endsWith(shown.textAfter);
  if (!isSamePlace) {
    return undefined;
  }
  return {
    kind: 'suggestion',
    text: text.slice(typed.length).replaceAll('\n', snapshot.lineEnding),
    replaceChars: shown.suggestion.replaceChars,
  };
}

/**
 * Where a suggestion ended that is now in the document whole, accepted or typed; undefined when the cursor is not at its end or
 * anything around it changed.
 */
export function acceptedSuggestion(
  shown: ShownSuggestion,
  snapshot: DocumentSnapshot,
): { readonly documentId: string; readonly endOffset: number } | undefined {
  const { documentId, textBefore, textAfter, suggestion } = shown;
  const text = withLineFeeds(suggestion);
  const endOffset = textBefore.length + text.length;
  if (documentId !== snapshot.documentId || endOffset !== snapshot.offset) {
    return undefined;
  }
  const isThere = snapshot.text === textBefore + text + textAfter.slice(suggestion.replaceChars);
  return isThere ? { documentId, endOffset } : undefined;
}

function withLineFeeds({ text }: Suggestion): string {
  return text.replaceAll('\r\n', '\n');
}
