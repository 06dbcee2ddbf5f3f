import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import { endsStatement } from '../gate/refuseAfterAccept.ts';
import type { ShownSuggestion } from '../reuse/typeThrough.ts';
import { acceptSuggestion } from '../reuse/typeThrough.ts';
import { leadingSpace, lineBefore } from '../syntax/lines.ts';

/**
 * Where the next suggestion will be wanted if this one is accepted: right after it or, where it ends a statement, on the line
 * that the user opens next, indented as editors do.
 */
export function nextPlace(shown: ShownSuggestion): DocumentSnapshot {
  const accepted = acceptSuggestion(shown);
  if (!endsStatement(accepted)) {
    return accepted;
  }
  const { text, offset } = accepted;
  const added = `\n${leadingSpace(lineBefore(accepted))}`;
  return { ...accepted, text: text.slice(0, offset) + added + text.slice(offset), offset: offset + added.length };
}
