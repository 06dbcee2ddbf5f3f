import * as vscode from 'vscode';

/** Also named in `refuseEvent`: the report is read, not written in. */
const SCHEME = 'foretoken-report';

/** A read-only Markdown document that says what happened until it was opened. */
export class ReportDocument implements vscode.Disposable {
  private readonly registration: vscode.Disposable;
  private openings = 0;

  constructor(makeText: () => string) {
    this.registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: makeText,
    });
  }

  /** Opens the report beside the code, rendered. */
  async show(): Promise<void> {
    // A document of its own for each opening: VS Code keeps the text of one that was open before, and a preview that is told
    // of a change while it loads stays blank. The preview itself is used again.
    const address = vscode.Uri.from({
      scheme: SCHEME,
      path: '/Last request, explained.md',
      query: String(++this.openings),
    });
    try {
      await vscode.commands.executeCommand('markdown.showPreviewToSide', address);
    } catch {
      // Without the built-in Markdown extension the plain text says the same.
      await vscode.window.showTextDocument(address, { viewColumn: vscode.ViewColumn.Beside, preview: true });
    }
  }

  dispose(): void {
    this.registration.dispose();
  }
}
