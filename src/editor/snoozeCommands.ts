import * as vscode from 'vscode';
import type { CommandParts } from './commandParts.ts';
import { pickOne } from './pickOne.ts';
import { describeSnoozeLength, SNOOZE_LENGTHS, snoozeEnd } from './surface/snooze.ts';
import { translate } from './translate.ts';

/** Snoozes for as long as the user chooses; a key binding may say it: `"args": 15` or `"args": "tomorrow"`. */
export async function snooze({ snooze: current }: CommandParts, argument: unknown): Promise<void> {
  const isLength = argument === 'tomorrow' || (typeof argument === 'number' && argument > 0);
  const length = isLength ? argument : await askLength();
  if (length !== undefined) {
    current.start(snoozeEnd(length, Date.now()));
    await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
  }
}

export function endSnooze({ snooze: current }: CommandParts): void {
  current.end();
}

function askLength(): Promise<number | 'tomorrow' | undefined> {
  const choices = SNOOZE_LENGTHS.map((length) => ({
    value: length,
    label: describeSnoozeLength(length, translate),
    description: '',
    detail: '',
    isCurrent: false,
  }));
  return pickOne(choices, {
    title: translate('Foretoken: snooze'),
    placeholder: translate('No suggestions while you type, for how long?'),
  });
}
