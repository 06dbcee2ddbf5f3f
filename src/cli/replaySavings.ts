import type { KeystrokeAnswer, PlayedKeystroke } from './replayPlayer.ts';
import type { TraceEdit } from './replayTrace.ts';

/**
 * How many of the UTF-16 units that a trace goes on to type had been shown before they were typed: for every suggestion the
 * longest beginning that the following edits write at its place, each typed unit counted once. A line ending is one unit.
 *
 * The edits follow a suggestion while each starts where the one before left the cursor; typing over what stands there, as over
 * a bracket that the editor closed, goes on with it, any other deletion or place ends it.
 */
export function countSavedCharacters(keystrokes: readonly PlayedKeystroke[]): number {
  const savedByEdit = keystrokes.map(() => 0);
  for (const [index, { edit, answer }] of keystrokes.entries()) {
    let rest = suggestedText(answer);
    let at = edit;
    for (let next = index + 1; rest !== '' && next < keystrokes.length; next++) {
      const following = keystrokes[next]!.edit;
      const typed = goesOn(at, following) ? typedText(following) : '';
      const matched = commonPrefixLength(typed, rest);
      savedByEdit[next] = Math.max(savedByEdit[next]!, matched);
      if (typed === '' || matched < typed.length) {
        break;
      }
      rest = rest.slice(matched);
      at = following;
    }
  }
  return savedByEdit.reduce((total, units) => total + units, 0);
}

function suggestedText(answer: KeystrokeAnswer): string {
  return answer.kind === 'generated' || answer.kind === 'typed-along'
    ? answer.suggestion.text.replaceAll('\r\n', '\n')
    : '';
}

function goesOn(edit: TraceEdit, next: TraceEdit): boolean {
  return next.path === edit.path && next.offset === edit.cursor && next.inserted.startsWith(next.deleted);
}

/** What the edit writes before the cursor; a bracket that the editor closes by itself stands after it. */
function typedText({ inserted, offset, cursor }: TraceEdit): string {
  return inserted.slice(0, Math.max(0, cursor - offset)).replaceAll('\r\n', '\n');
}

function commonPrefixLength(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) {
    length++;
  }
  return length;
}
