import * as vscode from 'vscode';
import type { Choice } from './surface/choice.ts';
import { translate } from './translate.ts';

interface ChoiceItem<Value> extends vscode.QuickPickItem {
  readonly value: Value;
}

/** Shows a list with the present choice marked and selected; undefined when nothing was chosen. */
export function pickOne<Value>(
  choices: readonly Choice<Value>[],
  words: { readonly title: string; readonly placeholder: string },
): Promise<Value | undefined> {
  const picker = vscode.window.createQuickPick<ChoiceItem<Value>>();
  picker.title = words.title;
  picker.placeholder = words.placeholder;
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.items = choices.map(toItem);
  const current = picker.items.filter((_item, index) => choices[index]?.isCurrent === true);
  // An empty list would leave no line active, and Enter would choose nothing.
  if (current.length > 0) {
    picker.activeItems = current;
  }
  return new Promise((resolve) => {
    picker.onDidAccept(() => {
      resolve(picker.selectedItems[0]?.value);
      picker.hide();
    });
    picker.onDidHide(() => {
      resolve(undefined);
      picker.dispose();
    });
    picker.show();
  });
}

function toItem<Value>({ value, label, description, detail, isCurrent }: Choice<Value>): ChoiceItem<Value> {
  const facts = [isCurrent ? translate('chosen') : '', description].filter((fact) => fact !== '');
  const icon = new vscode.ThemeIcon(isCurrent ? 'check' : 'blank');
  return { value, label, description: facts.join(', '), ...(detail === '' ? {} : { detail }), iconPath: icon };
}
