import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { Suggestion } from '../postprocess/suggestion.ts';

/** A suggestion with the place it was made for. */
export interface ShownSuggestion {
  readonly snapshot: DocumentSnapshot;
  readonly suggestion: Suggestion;
}

/**
 * What is left of a suggestion after the user typed along it, without asking the model again; undefined when anything else
 * changed, or nothing is left.
 */
export function continueSuggestion(
  { snapshot: place, suggestion }: ShownSuggestion,
  snapshot: DocumentSnapshot,
): Suggestion | undefined {
  const typedChars = snapshot.offset - place.offset;
  // Cheapest first: this is asked of many suggestions at each keystroke, and the documents may be large.
  if (
    typedChars < 0 ||
    place.documentId !== snapshot.documentId ||
    snapshot.text.length !== place.text.length + typedChars
  ) {
    return undefined;
  }
  const text = withLineFeeds(suggestion);
  const typed = snapshot.text.slice(place.offset, snapshot.offset);
  if (!text.startsWith(typed) || text.length === typed.length) {
    return undefined;
  }
  const isSamePlace =
    snapshot.text.startsWith(place.text.slice(0, place.offset)) &&
    snapshot.text.endsWith(place.text.slice(place.offset));
  if (!isSamePlace) {
    return undefined;
  }
  return {
    kind: 'suggestion',
    text: text.slice(typed.length).replaceAll('\n', snapshot.lineEnding),
    replaceChars: suggestion.replaceChars,
  };
}

/** The document as it is once the suggestion is accepted, with the cursor after it. */
export function acceptSuggestion({ snapshot, suggestion }: ShownSuggestion): DocumentSnapshot {
  const { text, offset } = snapshot;
  const inserted = withLineFeeds(suggestion);
  return {
    ...snapshot,
    text: text.slice(0, offset) + inserted + text.slice(offset + suggestion.replaceChars),
    offset: offset + inserted.length,
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
  const { documentId, offset } = snapshot;
  const { snapshot: place, suggestion } = shown;
  const endOffset = place.offset + withLineFeeds(suggestion).length;
  const isAtEnd = documentId === place.documentId && endOffset === offset;
  return isAtEnd && snapshot.text === acceptSuggestion(shown).text ? { documentId, endOffset } : undefined;
}

function withLineFeeds({ text }: Suggestion): string {
  return text.replaceAll('\r\n', '\n');
}
