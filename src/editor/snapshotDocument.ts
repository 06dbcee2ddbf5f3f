import * as vscode from 'vscode';
import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';

/** The document as it is now, with line feeds only, and the cursor as an offset into that text. */
export function snapshotDocument(document: vscode.TextDocument, position: vscode.Position): DocumentSnapshot {
  const isCrlf = document.eol === vscode.EndOfLine.CRLF;
  const text = document.getText();
  return {
    documentId: document.uri.toString(),
    languageId: document.languageId,
    text: isCrlf ? text.replaceAll('\r\n', '\n') : text,
    lineEnding: isCrlf ? '\r\n' : '\n',
    offset: offsetInSnapshot(document, position),
  };
}

/** Where a position of the document is in its snapshot's text: each line end before it has become one unit. */
export function offsetInSnapshot(document: vscode.TextDocument, position: vscode.Position): number {
  const offset = document.offsetAt(position);
  return document.eol === vscode.EndOfLine.CRLF ? offset - position.line : offset;
}
