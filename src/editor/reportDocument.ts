import * as vscode from 'vscode';

/** Also named in `refuseEvent`: the report is read, not written in. */
const SCHEME = 'foretoken-report';
const ADDRESS = vscode.Uri.from({ scheme: SCHEME, path: '/Last request, explained.md' });

/** A read-only Markdown document whose text is made afresh at each opening and refresh. */
export class ReportDocument implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration: vscode.Disposable;

  constructor(makeText: () => string) {
    this.registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: this.changed.event,
      provideTextDocumentContent: makeText,
    });
  }

  /** Tells an open report that there is news. */
  refresh(): void {
    this.changed.fire(ADDRESS);
  }

  /** Opens the report beside the code, rendered. */
  async show(): Promise<void> {
    this.refresh();
    try {
      await vscode.commands.executeCommand('markdown.showPreviewToSide', ADDRESS);
    } catch {
      // Without the built-in Markdown extension the plain text says the same.
      await vscode.window.showTextDocument(ADDRESS, { viewColumn: vscode.ViewColumn.Beside, preview: true });
    }
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}
