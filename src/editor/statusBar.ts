import * as vscode from 'vscode';
import type { EngineState } from '../inference/client/engineState.ts';
import { describeEngineState } from '../inference/client/engineState.ts';

/** What the one line is made of. */
export interface StatusFacts {
  readonly engine: EngineState;
  readonly isThinking: boolean;
  readonly isEnabled: boolean;
  /** Of the active editor, where completion is turned off for it. */
  readonly disabledLanguageId: string | undefined;
}

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
    const { icon, label, sentence } = describeStatus(facts);
    this.item.text = label === '' ? `$(${icon}) Foretoken` : `$(${icon}) Foretoken: ${label}`;
    this.item.tooltip = `${sentence}\nClick for actions.`;
    this.item.accessibilityInformation = { label: `Foretoken: ${label === '' ? 'ready' : label}. ${sentence}` };
  }

  dispose(): void {
    this.item.dispose();
  }
}

/** The facts in words, for the item and for the menu's title. An empty label means that all is well. */
export function describeStatus(facts: StatusFacts): {
  readonly icon: string;
  readonly label: string;
  readonly sentence: string;
} {
  if (!facts.isEnabled) {
    return { icon: 'circle-slash', label: 'off', sentence: 'Suggestions are turned off.' };
  }
  if (facts.disabledLanguageId !== undefined) {
    const language = facts.disabledLanguageId;
    return {
      icon: 'circle-slash',
      label: `off for ${language}`,
      sentence: `Suggestions are turned off for ${language}.`,
    };
  }
  const { short, long, isBusy, needsAttention } = describeEngineState(facts.engine);
  if (facts.engine.kind === 'model-missing') {
    return { icon: 'cloud-download', label: short, sentence: long };
  }
  if (isBusy || needsAttention) {
    return { icon: isBusy ? 'sync~spin' : 'warning', label: short, sentence: long };
  }
  if (facts.isThinking) {
    return { icon: 'loading~spin', label: '', sentence: long };
  }
  const isWell = short === 'ready' || facts.engine.kind === 'idle';
  return { icon: 'sparkle', label: isWell ? '' : short, sentence: long };
}
