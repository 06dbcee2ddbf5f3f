import * as vscode from 'vscode';
import type { Suggestion } from '../pipeline/postprocess/suggestion.ts';

/** Runs when a suggestion was accepted whole; the provider's own, so the palette does not have it. */
export const ACCEPTED_COMMAND = '_foretoken.accepted';

/** The item that VS Code draws as ghost text for a suggestion at this position. */
export function ghostText(suggestion: Suggestion, position: vscode.Position): vscode.InlineCompletionItem {
  const end = position.translate(0, suggestion.replaceChars);
  return itemOf(suggestion.text, new vscode.Range(position, end));
}

/**
 * The item for a suggestion that follows the selected entry of the suggestion list: VS Code shows only items that replace
 * the entry's range with a text that begins with the entry.
 */
export function ghostTextAfterEntry(
  suggestion: Suggestion,
  entry: vscode.SelectedCompletionInfo,
): vscode.InlineCompletionItem {
  const end = entry.range.end.translate(0, suggestion.replaceChars);
  return itemOf(entry.text + suggestion.text, new vscode.Range(entry.range.start, end));
}

function itemOf(text: string, range: vscode.Range): vscode.InlineCompletionItem {
  return new vscode.InlineCompletionItem(text, range, { command: ACCEPTED_COMMAND, title: '' });
}
