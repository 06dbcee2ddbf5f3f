import * as vscode from 'vscode';
import type { OpenText } from '../pipeline/session/draftTexts.ts';

/** Which documents the user looked at last; drafts may be copied from their texts. */
export class RecentDocuments implements vscode.Disposable {
  /** Least recently active first. */
  private readonly order = new Set<vscode.TextDocument>();
  private readonly subscriptions: vscode.Disposable[] = [];
  private readonly isUsable: (document: vscode.TextDocument) => boolean;

  /** `isUsable` says which texts may be used elsewhere; it is asked when they would be. */
  constructor(isUsable: (document: vscode.TextDocument) => boolean) {
    this.isUsable = isUsable;
    this.note(vscode.window.activeTextEditor);
    this.subscriptions.push(
      vscode.window.onDidChangeActiveTextEditor((editor) => this.note(editor)),
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
        readStart: (chars) => textStart(other, chars),
      }));
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
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
