import * as vscode from 'vscode';

/** The language that VS Code is displayed in; the bundles are in `l10n/`. */
export function translate(sentence: string, ...values: readonly (string | number)[]): string {
  return vscode.l10n.t(sentence, ...values);
}
