/** A document at the moment of a request; immutable, so that every later stage speaks of the same text. */
export interface DocumentSnapshot {
  /** Stable identity of the document, for caches and logs. */
  readonly documentId: string;
  readonly languageId: string;
  /** As the model may see it. */
  readonly path?: string;
  /** Whole text with line feeds only; `lineEnding` says what the file has. */
  readonly text: string;
  readonly lineEnding: '\n' | '\r\n';
  /** Cursor as a UTF-16 offset into `text`. */
  readonly offset: number;
}

/**
 * A snapshot from a file's raw text and a zero-based position (UTF-16 columns, as in VS Code).
 *
 * A position past the end of its line or of the file is undefined: the caller names the position that was asked for.
 */
export function snapshotAt(
  document: { readonly documentId: string; readonly languageId: string; readonly rawText: string },
  line: number,
  column: number,
): DocumentSnapshot | undefined {
  const text = document.rawText.replaceAll('\r\n', '\n');
  let lineStart = 0;
  for (let index = 0; index < line; index++) {
    const lineEnd = text.indexOf('\n', lineStart);
    if (lineEnd === -1) {
      return undefined;
    }
    lineStart = lineEnd + 1;
  }
  const lineEnd = text.indexOf('\n', lineStart);
  if (lineStart + column > (lineEnd === -1 ? text.length : lineEnd)) {
    return undefined;
  }
  return {
    documentId: document.documentId,
    languageId: document.languageId,
    text,
    lineEnding: document.rawText.includes('\r\n') ? '\r\n' : '\n',
    offset: lineStart + column,
  };
}
