import * as vscode from 'vscode';
import { accessibilityHelp } from './surface/accessibilityHelp.ts';
import { translate } from './translate.ts';

/** Also named in `refuseEvent`: the text is read, not written in. */
const SCHEME = 'foretoken-help';

export function registerAccessibilityHelp(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: () => accessibilityHelp(translate),
  });
}

/** Opens the help as an editor, in front. VS Code takes help texts of its own dialog from views only, and we have none. */
export async function showAccessibilityHelp(): Promise<void> {
  const address = vscode.Uri.from({ scheme: SCHEME, path: `/${translate('Accessibility help')}.md` });
  await vscode.window.showTextDocument(address, { preview: false });
}
