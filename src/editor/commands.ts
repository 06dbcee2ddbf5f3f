import * as vscode from 'vscode';
import { isLanguageEnabled } from '../settings/settings.ts';
import { showAccessibilityHelp } from './accessibilityHelpDocument.ts';
import type { CommandParts } from './commandParts.ts';
import { copyDiagnostics } from './copyDiagnostics.ts';
import { chooseAcceptance, chooseDevice, chooseDraftMethod, chooseModel } from './settingPickers.ts';
import { showMenu } from './showMenu.ts';
import { endSnooze, snooze } from './snoozeCommands.ts';
import { translate } from './translate.ts';
import { openSample, openWalkthrough } from './walkthroughCommands.ts';

type Handler = (parts: CommandParts, argument: unknown) => unknown;

/** Every command; the manifest declares the same ones. */
const COMMANDS: Readonly<Record<string, Handler>> = {
  'foretoken.toggle': ({ settings }) => settings.setEnabled(!settings.read().enabled),
  'foretoken.toggleLanguage': toggleLanguage,
  'foretoken.snooze': snooze,
  'foretoken.endSnooze': endSnooze,
  'foretoken.trigger': () => vscode.commands.executeCommand('editor.action.inlineSuggest.trigger'),
  'foretoken.chooseDraftMethod': chooseDraftMethod,
  'foretoken.chooseAcceptance': chooseAcceptance,
  'foretoken.chooseModel': chooseModel,
  'foretoken.chooseDevice': chooseDevice,
  'foretoken.benchmarkMachine': ({ tuning }) => tuning.benchmark(),
  'foretoken.openTuningPanel': ({ tuning }) => tuning.panel.show(),
  'foretoken.explainLast': ({ report }) => report.show(),
  'foretoken.restartEngine': ({ restartEngine }) => restartEngine(),
  'foretoken.downloadModel': ({ download }) => download.download(),
  'foretoken.clearCaches': clearCaches,
  'foretoken.copyDiagnostics': copyDiagnostics,
  'foretoken.showLog': ({ log }) => log.show(),
  'foretoken.showMenu': showMenu,
  'foretoken.openWalkthrough': openWalkthrough,
  'foretoken.openSample': openSample,
  'foretoken.accessibilityHelp': showAccessibilityHelp,
};

export const MENU_COMMAND = 'foretoken.showMenu';

export function registerCommands(parts: CommandParts): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(COMMANDS).map(([id, handler]) =>
      vscode.commands.registerCommand(id, (argument: unknown) => run(parts, handler, argument)),
    ),
  );
}

/** A setting that cannot be written (a damaged settings file, say) is the usual way to fail. */
async function run(parts: CommandParts, handler: Handler, argument: unknown): Promise<void> {
  try {
    await handler(parts, argument);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parts.log.error(message);
    void vscode.window.showErrorMessage(`Foretoken: ${message}`);
  }
}

async function toggleLanguage({ settings }: CommandParts): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined) {
    void vscode.window.showInformationMessage(translate('Foretoken: open a file of the language first.'));
    return;
  }
  const isOn = isLanguageEnabled(settings.read(document), document.languageId);
  await settings.setLanguageEnabled(document.languageId, !isOn);
}

const BYTES_PER_MEGABYTE = 1_000_000;

async function clearCaches({ engine }: CommandParts): Promise<void> {
  const title = translate('Foretoken: clearing caches and measuring anew');
  const cleared = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    engine.clearCaches(),
  );
  const megabytes = ((cleared?.freedBytes ?? 0) / BYTES_PER_MEGABYTE).toFixed(1);
  void vscode.window.showInformationMessage(
    cleared === undefined
      ? translate('Foretoken: there is nothing to clear while no model is loaded.')
      : translate('Foretoken: {0} MB of caches are cleared, and this machine was measured anew.', megabytes),
  );
}
