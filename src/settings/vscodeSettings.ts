import * as vscode from 'vscode';
import type { Translate } from '../base/translate.ts';
import type { Settings } from './settings.ts';
import { readSettings, SETTINGS } from './settings.ts';

const SECTION = 'foretoken';

/** The user's settings as they hold for a document; the only place that asks VS Code for configuration. */
export class VscodeSettings implements vscode.Disposable {
  readonly onDidChange: vscode.Event<void>;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscription: vscode.Disposable;
  private readonly onProblem: (sentences: string) => void;
  private readonly translate: Translate;
  /** Reading all settings takes up to a millisecond, and every keystroke does; emptied by every change. */
  private readonly known = new Map<string, Settings>();
  private readonly reportedProblems = new Set<string>();

  /** `onProblem` hears once of each value that had to be corrected, of all that are found together at once. */
  constructor(onProblem: (sentences: string) => void, translate: Translate) {
    this.onProblem = onProblem;
    this.translate = translate;
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
      const problems: string[] = [];
      settings = readSettings(
        (name) => configuration.get(name),
        (sentence) => problems.push(sentence),
        this.translate,
      );
      this.known.set(key, settings);
      this.reportOnce(problems);
    }
    return settings;
  }

  async setEnabled(isEnabled: boolean): Promise<void> {
    await this.write({ enabled: isEnabled });
  }

  async setLanguageEnabled(languageId: string, isEnabled: boolean): Promise<void> {
    await this.write({ languages: { ...this.read().languages, [languageId]: isEnabled } });
  }

  /**
   * Writes settings, in the order given, each where the value in force for the document comes from, so that the change is not
   * overruled by it; in the user's settings where none is set.
   */
  async write(values: Partial<Settings>, document?: vscode.TextDocument): Promise<void> {
    const configuration = vscode.workspace.getConfiguration(SECTION, document?.uri ?? null);
    for (const [name, value] of Object.entries(values)) {
      const { key } = SETTINGS[name as keyof Settings];
      await configuration.update(key, value, targetInForce(configuration.inspect(key)));
    }
  }

  dispose(): void {
    this.subscription.dispose();
    this.changed.dispose();
  }

  private reportOnce(problems: readonly string[]): void {
    const unheard = problems.filter((sentence) => !this.reportedProblems.has(sentence));
    for (const sentence of unheard) {
      this.reportedProblems.add(sentence);
    }
    if (unheard.length > 0) {
      this.onProblem(unheard.join(' '));
    }
  }
}

function targetInForce(inspection: ReturnType<vscode.WorkspaceConfiguration['inspect']>): vscode.ConfigurationTarget {
  if (inspection?.workspaceFolderValue !== undefined) {
    return vscode.ConfigurationTarget.WorkspaceFolder;
  }
  return inspection?.workspaceValue === undefined
    ? vscode.ConfigurationTarget.Global
    : vscode.ConfigurationTarget.Workspace;
}
