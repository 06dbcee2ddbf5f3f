import * as vscode from 'vscode';
import type { CommandParts } from './commandParts.ts';
import { sampleFile } from './surface/sampleFile.ts';
import { translate } from './translate.ts';

/** Also in the manifest's `contributes.walkthroughs`. */
const WALKTHROUGH = 'start';

export async function openWalkthrough({ extension }: CommandParts): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${extension.id}#${WALKTHROUGH}`, false);
}

/** Opens a new file that asks to be completed, and has it completed. */
export async function openSample(): Promise<void> {
  const { languageId, text, line, column } = sampleFile(translate);
  const document = await vscode.workspace.openTextDocument({ language: languageId, content: text });
  const cursor = new vscode.Position(line, column);
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(cursor, cursor), preview: false });
  await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
}
