import * as vscode from 'vscode';
import type { Settings } from './settings.ts';
import { readSettings, SETTINGS } from './settings.ts';

const SECTION = 'foretoken';

/** The user's settings as they hold for a document; the only place that asks VS Code for configuration. */
export class VscodeSettings implements vscode.Disposable {
  readonly onDidChange: vscode.Event<void>;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscription: vscode.Disposable;
  private readonly onProblem: (sentence: string) => void;
  /** Reading all settings takes up to a millisecond, and every keystroke does; emptied by every change. */
  private readonly known = new Map<string, Settings>();
  private readonly reportedProblems = new Set<string>();

  /** `onProblem` hears once of each value that had to be corrected. */
  constructor(onProblem: (sentence: string) => void) {
    this.onProblem = onProblem;
    this.onDidChange = this.changed.event;
    this.subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION)) {
        this.known.clear();
        this.changed.fire();
      }
    });
  }

  /** The settings for a document's language and folder, or those of the window. */
  read(document?: vscode.TextDocument): Settings {
    const folder = document === undefined ? undefined : vscode.workspace.getWorkspaceFolder(document.uri);
    const key = `${document?.languageId ?? ''} ${folder?.uri.toString() ?? ''}`;
    let settings = this.known.get(key);
    if (settings === undefined) {
      const configuration = vscode.workspace.getConfiguration(SECTION, document ?? null);
      settings = readSettings(
        (name) => configuration.get(name),
        (sentence) => this.reportOnce(sentence),
      );
      this.known.set(key, settings);
    }
    return settings;
  }

  async setEnabled(isEnabled: boolean): Promise<void> {
    await this.update(SETTINGS.enabled.key, isEnabled);
  }

  async setLanguageEnabled(languageId: string, isEnabled: boolean): Promise<void> {
    await this.update(SETTINGS.languages.key, { ...this.read().languages, [languageId]: isEnabled });
  }

  dispose(): void {
    this.subscription.dispose();
    this.changed.dispose();
  }

  /** Writes where the value in force comes from, so that the change is not overruled by it. */
  private async update(key: string, value: unknown): Promise<void> {
    const configuration = vscode.workspace.getConfiguration(SECTION, null);
    const target =
      configuration.inspect(key)?.workspaceValue === undefined
        ? vscode.ConfigurationTarget.Global
        : vscode.ConfigurationTarget.Workspace;
    await configuration.update(key, value, target);
  }

  private reportOnce(sentence: string): void {
    if (!this.reportedProblems.has(sentence)) {
      this.reportedProblems.add(sentence);
      this.onProblem(sentence);
    }
  }
}
