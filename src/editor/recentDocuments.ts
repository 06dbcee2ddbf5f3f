import * as vscode from 'vscode';
import { isPrivatePath } from '../pipeline/context/isPrivatePath.ts';

const MAX_TEXTS = 6;
/** Longer texts are cut here: they are sent with each request. */
const MAX_TEXT_CHARS = 16_000;

/** Which documents the user looked at last; drafts may be copied from their texts. */
export class RecentDocuments implements vscode.Disposable {
  /** Least recently active first. */
  private readonly order = new Set<vscode.TextDocument>();
  private readonly subscriptions: vscode.Disposable[] = [];

  constructor() {
    this.note(vscode.window.activeTextEditor);
    this.subscriptions.push(
      vscode.window.onDidChangeActiveTextEditor((editor) => this.note(editor)),
      vscode.workspace.onDidCloseTextDocument((document) => this.order.delete(document)),
    );
  }

  /** Texts of the other documents, the last active one first, without files that may hold secrets. */
  textsBeside(document: vscode.TextDocument): readonly string[] {
    return [...this.order]
      .reverse()
      .filter((other) => other !== document && !isPrivatePath(other.uri.path))
      .slice(0, MAX_TEXTS)
      .map((other) => other.getText().replaceAll('\r\n', '\n').slice(0, MAX_TEXT_CHARS));
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
