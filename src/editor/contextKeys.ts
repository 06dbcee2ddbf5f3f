import * as vscode from 'vscode';

/** Keys that the manifest's when-clauses and completion events ask for. */
export interface ContextFacts {
  /** A suggestion was offered in this window. */
  readonly hasSuggested: boolean;
  readonly isSnoozed: boolean;
  readonly isModelMissing: boolean;
  readonly isReady: boolean;
}

/** Tells VS Code which commands make sense at the moment. */
export class ContextKeys {
  private readonly known = new Map<string, boolean>();

  show(facts: ContextFacts): void {
    for (const [name, value] of Object.entries(facts)) {
      if (this.known.get(name) !== value) {
        this.known.set(name, value);
        void vscode.commands.executeCommand('setContext', `foretoken.${name}`, value);
      }
    }
  }
}
