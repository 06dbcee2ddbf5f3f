import type { DocumentSnapshot } from './documentSnapshot.ts';

/** The entry that is selected in the editor's suggestion list, and the text it would replace. */
export interface SelectedEntry {
  readonly text: string;
  /** UTF-16 offsets into the snapshot's text. */
  readonly start: number;
  readonly end: number;
}

/**
 * The document as it would be with the selected entry accepted and the cursor after it. The editor shows only suggestions
 * that extend the entry, so the model is asked what follows it.
 * ```
 * const x = foo.ba▮        entry "barrel"      const x = foo.barrel▮
 * ```
 */
export function insertSelectedEntry(snapshot: DocumentSnapshot, entry: SelectedEntry): DocumentSnapshot {
  const text = entry.text.replaceAll('\r\n', '\n');
  return {
    ...snapshot,
    text: snapshot.text.slice(0, entry.start) + text + snapshot.text.slice(entry.end),
    offset: entry.start + text.length,
  };
}

/** What of the entry is not typed yet; undefined when what is typed is not its beginning. */
export function untypedPart(snapshot: DocumentSnapshot, entry: SelectedEntry): string | undefined {
  const typed = snapshot.text.slice(entry.start, snapshot.offset);
  const text = entry.text.replaceAll('\r\n', '\n');
  return text.startsWith(typed) ? text.slice(typed.length) : undefined;
}
