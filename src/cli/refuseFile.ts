import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import { refuseEvent } from '../pipeline/gate/refuseEvent.ts';
import type { NoSuggestion } from '../pipeline/postprocess/suggestion.ts';

/** What the editor asks before it looks at the text, for a file with one cursor in it. */
export function refuseFile({ languageId, text }: DocumentSnapshot): NoSuggestion | undefined {
  return refuseEvent({
    isEnabled: true,
    isLanguageEnabled: true,
    languageId,
    scheme: 'file',
    isReadOnly: false,
    exclusion: undefined,
    documentChars: text.length,
    cursors: 1,
    isSnoozed: false,
    isExplicit: false,
    trigger: 'automatic',
  });
}
