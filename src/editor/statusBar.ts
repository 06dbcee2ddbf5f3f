import * as vscode from 'vscode';
import type { StatusFacts } from './surface/describeStatus.ts';
import { describeStatus, spokenStatus } from './surface/describeStatus.ts';
import { translate } from './translate.ts';

/** The status bar item: what the engine is doing, as one line; a click opens the menu. */
export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;

  constructor(menuCommand: string) {
    this.item = vscode.window.createStatusBarItem('foretoken.status', vscode.StatusBarAlignment.Right, 100);
    this.item.name = 'Foretoken';
    this.item.command = menuCommand;
    this.item.show();
  }

  show(facts: StatusFacts): void {
    const status = describeStatus(facts, translate);
    const { icon, label, sentence } = status;
    this.item.text = label === '' ? `$(${icon}) Foretoken` : `$(${icon}) Foretoken: ${label}`;
    this.item.tooltip = `${sentence}\n${translate('Click for actions.')}`;
    this.item.accessibilityInformation = { label: spokenStatus(status, facts, translate), role: 'button' };
  }

  dispose(): void {
    this.item.dispose();
  }
}
