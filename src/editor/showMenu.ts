import * as vscode from 'vscode';
import { isLanguageEnabled } from '../settings/settings.ts';
import type { CommandParts } from './commandParts.ts';
import type { MenuEntry } from './surface/menuEntries.ts';
import { menuEntries } from './surface/menuEntries.ts';
import { translate } from './translate.ts';

interface MenuItem extends vscode.QuickPickItem {
  readonly entry: MenuEntry;
}

/** The status item's menu. */
export async function showMenu(parts: CommandParts): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const settings = parts.settings.read(document);
  const facts = {
    settings,
    engine: parts.engine.state,
    language:
      document === undefined
        ? undefined
        : { id: document.languageId, isEnabled: isLanguageEnabled(settings, document.languageId) },
    snoozedMs: parts.snooze.remainingMs,
  };
  const picked = await vscode.window.showQuickPick(menuEntries(facts, translate).map(toItem), {
    title: 'Foretoken',
    placeHolder: parts.describeStatus(),
    matchOnDescription: true,
  });
  if (picked?.entry.kind === 'action') {
    const { command, argument } = picked.entry;
    await vscode.commands.executeCommand(command, ...(argument === undefined ? [] : [argument]));
  }
}

function toItem(entry: MenuEntry): MenuItem {
  if (entry.kind === 'heading') {
    return { entry, label: entry.label, kind: vscode.QuickPickItemKind.Separator };
  }
  return { entry, label: `$(${entry.icon}) ${entry.label}`, description: entry.description };
}
