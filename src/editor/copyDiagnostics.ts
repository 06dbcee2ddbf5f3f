import os from 'node:os';
import * as vscode from 'vscode';
import { cacheDirectory } from '../model/cacheDirectory.ts';
import type { CommandParts } from './commandParts.ts';
import { describeDiagnostics } from './surface/describeDiagnostics.ts';
import { translate } from './translate.ts';

/** Puts what a bug report needs on the clipboard: no code, no paths. */
export async function copyDiagnostics(parts: CommandParts): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const settings = parts.settings.read(document);
  const folders = vscode.workspace.workspaceFolders ?? [];
  const cpus = os.cpus();
  const { version } = parts.extension.packageJSON as { version: string };
  const text = describeDiagnostics({
    versions: { foretoken: version, editor: `${vscode.env.appName} ${vscode.version}`, node: process.versions.node },
    system: {
      platform: process.platform,
      release: os.release(),
      arch: process.arch,
      processor: cpus[0]?.model ?? 'unknown',
      cores: cpus.length,
      memoryBytes: os.totalmem(),
    },
    remote: vscode.env.remoteName,
    settings,
    engine: parts.engine.state,
    isSnoozed: parts.snooze.isSnoozed,
    lastRequest: parts.lastRequest.current,
    privateFolders: [
      os.homedir(),
      cacheDirectory(),
      settings.model,
      parts.extension.extensionPath,
      ...folders.map(({ uri }) => uri.fsPath),
    ].filter((text) => /[\\/]/.test(text)),
  });
  await vscode.env.clipboard.writeText(text);
  void vscode.window.showInformationMessage(
    translate('Foretoken: diagnostics are on the clipboard; they hold no code and no paths.'),
  );
}
