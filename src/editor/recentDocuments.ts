import * as vscode from 'vscode';
import { editedLinesAfter } from '../pipeline/context/editedLines.ts';
import type { OpenText } from '../pipeline/session/draftTexts.ts';

/** Which documents the user looked at last, and where they were edited; suggestions elsewhere may use their texts. */
export class RecentDocuments implements vscode.Disposable {
  /** Least recently active first. */
  private readonly order = new Set<vscode.TextDocument>();
  private readonly editedLines = new WeakMap<vscode.TextDocument, readonly number[]>();
  private readonly subscriptions: vscode.Disposable[] = [];
  private readonly isUsable: (document: vscode.TextDocument) => boolean;

  /** `isUsable` says which texts may be used elsewhere; it is asked when they would be. */
  constructor(isUsable: (document: vscode.TextDocument) => boolean) {
    this.isUsable = isUsable;
    this.note(vscode.window.activeTextEditor);
    this.subscriptions.push(
      vscode.window.onDidChangeActiveTextEditor((editor) => this.note(editor)),
      vscode.workspace.onDidChangeTextDocument((event) => this.noteEdit(event)),
      vscode.workspace.onDidCloseTextDocument((document) => this.order.delete(document)),
    );
  }

  /** The other usable documents, the last active one first. */
  beside(document: vscode.TextDocument): readonly OpenText[] {
    return [...this.order]
      .reverse()
      .filter((other) => other !== document && this.isUsable(other))
      .map((other) => ({
        path: other.uri.path,
        version: other.version,
        editedLines: this.editedLines.get(other),
        readStart: (chars) => textStart(other, chars),
      }));
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  private noteEdit({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (!this.order.has(document)) {
      return;
    }
    let lines = this.editedLines.get(document) ?? [];
    for (const { range, text } of contentChanges) {
      const removedLines = range.end.line - range.start.line;
      lines = editedLinesAfter(lines, {
        line: range.start.line,
        removedLines,
        addedLines: text.split('\n').length - 1,
      });
    }
    this.editedLines.set(document, lines);
  }

  private note(editor: vscode.TextEditor | undefined): void {
    if (editor === undefined || !['file', 'untitled', 'vscode-remote'].includes(editor.document.uri.scheme)) {
      return;
    }
    this.order.delete(editor.document);
    this.order.add(editor.document);
  }
}

function textStart(document: vscode.TextDocument, chars: number): string {
  return document.getText(new vscode.Range(new vscode.Position(0, 0), document.positionAt(chars)));
}
