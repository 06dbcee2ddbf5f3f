import { isBlank, opensOnNextLine } from '../../syntax/lines.ts';

/** Without last lines that open what never came, as `if (ready) {` does; a bracket on its own line goes with its header. */
export function dropOpenEnd(lines: readonly string[]): readonly string[] {
  const last = lines.at(-1)!;
  const others = lines.slice(0, -1);
  if (isBlank(others.join('')) || !(isBlank(last) || opensOnNextLine(last))) {
    return lines;
  }
  const isBracketAlone = /^\s*[{([]\s*$/.test(last) && !isBlank(others.slice(0, -1).join(''));
  return dropOpenEnd(isBracketAlone ? others.slice(0, -1) : others);
}
