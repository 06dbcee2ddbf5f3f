import * as vscode from 'vscode';
import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import { joinCellsAbove } from '../pipeline/context/joinCellsAbove.ts';

/**
 * The document as it is now, with line feeds only, and the cursor as an offset into that text. A notebook's cell stands below
 * the code of the cells above it.
 */
export function snapshotDocument(document: vscode.TextDocument, position: vscode.Position): DocumentSnapshot {
  const isCrlf = document.eol === vscode.EndOfLine.CRLF;
  const text = document.getText();
  return {
    documentId: document.uri.toString(),
    languageId: document.languageId,
    path: document.uri.path,
    text: textAbove(document) + (isCrlf ? text.replaceAll('\r\n', '\n') : text),
    lineEnding: isCrlf ? '\r\n' : '\n',
    offset: offsetInSnapshot(document, position),
  };
}

/** Where a position of the document is in its snapshot's text: each line end before it has become one unit. */
export function offsetInSnapshot(document: vscode.TextDocument, position: vscode.Position): number {
  const offset = document.offsetAt(position);
  const inDocument = document.eol === vscode.EndOfLine.CRLF ? offset - position.line : offset;
  return textAbove(document).length + inDocument;
}

function textAbove(document: vscode.TextDocument): string {
  if (document.uri.scheme !== 'vscode-notebook-cell') {
    return '';
  }
  for (const notebook of vscode.workspace.notebookDocuments) {
    const cells = notebook.getCells();
    const at = cells.findIndex((cell) => cell.document === document);
    if (at !== -1) {
      const sameLanguage = cells.slice(0, at).filter((cell) => cell.document.languageId === document.languageId);
      return joinCellsAbove(sameLanguage.map((cell) => cell.document.getText()));
    }
  }
  return '';
}
