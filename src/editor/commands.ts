import * as vscode from 'vscode';
import type { SupervisedWorker } from '../inference/client/supervisedWorker.ts';
import { isLanguageEnabled } from '../settings/settings.ts';
import type { VscodeSettings } from '../settings/vscodeSettings.ts';
import type { ModelDownload } from './modelDownload.ts';
import type { ReportDocument } from './reportDocument.ts';

export interface CommandParts {
  readonly engine: SupervisedWorker;
  readonly settings: VscodeSettings;
  readonly download: ModelDownload;
  readonly report: ReportDocument;
  readonly log: vscode.LogOutputChannel;
  /** Starts the engine as the settings say; forgets what went wrong before. */
  readonly restartEngine: () => void;
  /** The status line's sentence, for the menu. */
  readonly describeStatus: () => string;
}

type Handler = (parts: CommandParts) => unknown;

/** Every command; the manifest declares the same ones. */
const COMMANDS: Readonly<Record<string, Handler>> = {
  'foretoken.toggle': ({ settings }) => settings.setEnabled(!settings.read().enabled),
  'foretoken.toggleLanguage': toggleLanguage,
  'foretoken.trigger': () => vscode.commands.executeCommand('editor.action.inlineSuggest.trigger'),
  'foretoken.explainLast': ({ report }) => report.show(),
  'foretoken.restartEngine': ({ restartEngine }) => restartEngine(),
  'foretoken.downloadModel': ({ download }) => download.download(),
  'foretoken.showLog': ({ log }) => log.show(),
  'foretoken.showMenu': showMenu,
};

export const MENU_COMMAND = 'foretoken.showMenu';

export function registerCommands(parts: CommandParts): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(COMMANDS).map(([id, handler]) => vscode.commands.registerCommand(id, () => handler(parts))),
  );
}

async function toggleLanguage({ settings }: CommandParts): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined) {
    void vscode.window.showInformationMessage('Foretoken: open a file of the language first.');
    return;
  }
  const isOn = isLanguageEnabled(settings.read(document), document.languageId);
  await settings.setLanguageEnabled(document.languageId, !isOn);
}

interface MenuItem extends vscode.QuickPickItem {
  readonly command: string;
  readonly argument?: unknown;
}

async function showMenu(parts: CommandParts): Promise<void> {
  const picked = await vscode.window.showQuickPick(menuItems(parts), {
    title: 'Foretoken',
    placeHolder: parts.describeStatus(),
  });
  if (picked !== undefined) {
    await vscode.commands.executeCommand(picked.command, ...(picked.argument === undefined ? [] : [picked.argument]));
  }
}

function menuItems({ engine, settings }: CommandParts): MenuItem[] {
  const document = vscode.window.activeTextEditor?.document;
  const { enabled } = settings.read();
  const items: MenuItem[] = [];
  if (engine.state.kind === 'model-missing') {
    items.push({ label: '$(cloud-download) Download the model', command: 'foretoken.downloadModel' });
  }
  items.push({ label: `$(circle-slash) Turn suggestions ${enabled ? 'off' : 'on'}`, command: 'foretoken.toggle' });
  if (enabled && document !== undefined) {
    const isOn = isLanguageEnabled(settings.read(document), document.languageId);
    items.push({
      label: `$(code) Turn suggestions ${isOn ? 'off' : 'on'} for ${document.languageId}`,
      command: 'foretoken.toggleLanguage',
    });
  }
  return [
    ...items,
    { label: '$(question) Explain the last request', command: 'foretoken.explainLast' },
    { label: '$(debug-restart) Restart the engine', command: 'foretoken.restartEngine' },
    { label: '$(output) Show the log', command: 'foretoken.showLog' },
    { label: '$(gear) Settings', command: 'workbench.action.openSettings', argument: 'foretoken.' },
  ];
}
