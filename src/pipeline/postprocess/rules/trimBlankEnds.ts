import { isBlank, leadingSpace, linesAbove, opensOnNextLine } from '../../syntax/lines.ts';
import type { CleaningPlace, Draft } from '../cleaningRule.ts';

/**
 * No white space at the end; none at the beginning where the cursor already stands on a blank line for the text.
 * ```
 * def f():
 *     ▮            generated "\n    return 1\n"     shown "return 1"
 * ```
 */
export function trimBlankEnds(draft: Draft, { linePrefix, snapshot }: CleaningPlace): Draft {
  const text = draft.text.trimEnd();
  const lines = text.split('\n');
  const first = lines.findIndex((line) => !isBlank(line));
  if (first < 1 || !isBlank(linePrefix) || !isLineDue(snapshot)) {
    return { ...draft, text };
  }
  const space = leadingSpace(lines[first]!);
  // A line that is less deep than the cursor would have to take white space away from before it.
  if (!space.startsWith(linePrefix)) {
    return { ...draft, text };
  }
  const firstLine = lines[first]!.slice(linePrefix.length);
  return { ...draft, text: [firstLine, ...lines.slice(first + 1)].join('\n') };
}

/** Whether the cursor's blank line is the one to write on, rather than one of those that keep two parts apart. */
function isLineDue(snapshot: CleaningPlace['snapshot']): boolean {
  const [above] = linesAbove(snapshot, 1);
  return above === undefined || isBlank(above) || opensOnNextLine(above);
}
