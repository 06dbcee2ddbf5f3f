import type { Translate } from '../../base/translate.ts';

/** How to use Foretoken by ear and by keys, as plain lines: a screen reader reads an editor better than a rendered page. */
export function accessibilityHelp(translate: Translate): string {
  const lines = [
    `# ${translate('Foretoken with a screen reader')}`,
    translate(
      'A suggestion is text of the editor’s own kind, called an inline suggestion. Foretoken adds no keys; those named here are the ones VS Code has at first.',
    ),
    `## ${translate('Suggestions')}`,
    translate(
      'Hear that there is one: turn on the setting accessibility.signals.lineHasInlineSuggestion. How much is said about it is the setting accessibility.verbosity.inlineCompletions.',
    ),
    translate(
      'Read it: the command Open Accessible View (Alt+F2, on Linux Shift+Alt+F2) shows the suggestion as text to walk through. Escape goes back.',
    ),
    translate(
      'Take it: Tab. Take its next word: Ctrl+Right, on macOS Cmd+Right. Dismiss it: Escape. Where Tab moves the focus instead (Ctrl+M), use the command Accept Inline Suggestion.',
    ),
    translate(
      'Have none unasked: set foretoken.trigger to manual. The command Suggest Here then asks for one where the cursor is.',
    ),
    translate('Have a suggestion only once it is whole, so that it is not read twice: set foretoken.firstText to 0.'),
    `## ${translate('State and choices')}`,
    translate(
      'What Foretoken is doing is in the status bar: the command Focus Status Bar, then the arrow keys; the item says its state in a sentence, and Enter opens its actions.',
    ),
    translate('The same without the status bar: the command Foretoken: Show Actions. Its input field says the state.'),
    translate(
      'Why there was a suggestion or none: the command Foretoken: Explain Last Request opens a page with headings and tables.',
    ),
  ];
  return `${lines.join('\n\n')}\n`;
}
