import {
  indentationWidth,
  isBlank,
  leadingSpace,
  linesAbove,
  linesBelow,
  opensOnNextLine,
} from '../../syntax/lines.ts';
import type { CleaningPlace, Draft } from '../cleaningRule.ts';

const NEIGHBOURS = 200;

interface IndentationUnit {
  readonly usesTabs: boolean;
  /** Columns of one level. */
  readonly width: number;
}

/** The text is indented as the lines around the cursor are, tabs or spaces, and its first line only once. */
export function matchIndentation(draft: Draft, place: CleaningPlace): Draft {
  const lines = indentFirstLineOnce(draft.text.split('\n'), place);
  const unit = unitAround(place);
  if (unit === undefined) {
    return { ...draft, text: lines.join('\n') };
  }
  const tabSize = unit.usesTabs ? writtenStep(lines, unit) : unit.width;
  const converted = lines.map((line, index) => {
    const isMidLine = index === 0 && (!isBlank(place.linePrefix) || leadingSpace(line) === '');
    return isMidLine || isBlank(line) ? line : convert(line, unit, tabSize);
  });
  return { ...draft, text: converted.join('\n') };
}

/** The cursor stands behind the indentation already, and the model at times writes it again. */
function indentFirstLineOnce(lines: readonly string[], { linePrefix, snapshot }: CleaningPlace): readonly string[] {
  const [first = '', ...others] = lines;
  const own = leadingSpace(first);
  if (own === '' || linePrefix === '' || !isBlank(linePrefix)) {
    return lines;
  }
  const base = indentationWidth(linePrefix);
  const above = linesAbove(snapshot, NEIGHBOURS).find((line) => !isBlank(line));
  const isFirstTooDeep = others.some((line) => !isBlank(line) && indentationWidth(line) <= base);
  const opens = above !== undefined && opensOnNextLine(above);
  const stoodRight = above !== undefined && (opens ? indentationWidth(above) < base : indentationWidth(above) <= base);
  if (!isFirstTooDeep && !stoodRight) {
    return lines;
  }
  const areAllTooDeep = others.every((line) => isBlank(line) || line.startsWith(linePrefix + own));
  return [
    first.slice(own.length),
    ...(areAllTooDeep ? others.map((line) => line.replace(linePrefix + own, linePrefix)) : others),
  ];
}

/** The nearest indented line says tabs or spaces, the most frequent step between neighbours says how many. */
function unitAround({ snapshot, linePrefix }: CleaningPlace): IndentationUnit | undefined {
  const above = linesAbove(snapshot, NEIGHBOURS);
  const below = linesBelow(snapshot, NEIGHBOURS);
  const nearest = [linePrefix, ...[...above, ...below].filter((line) => !isBlank(line))].find(
    (line) => leadingSpace(line) !== '',
  );
  if (nearest === undefined) {
    return undefined;
  }
  const usesTabs = leadingSpace(nearest).startsWith('\t');
  const filled = [...[...above].reverse(), ...below].filter((line) => !isBlank(line));
  return { usesTabs, width: usesTabs ? 4 : (frequentStep(filled) ?? 4) };
}

/** The most frequent step from a line that opens a block to the next. */
function frequentStep(lines: readonly string[]): number | undefined {
  const counts = new Map<number, number>();
  for (const [index, line] of lines.entries()) {
    const step = indentationWidth(lines[index + 1] ?? '') - indentationWidth(line);
    if (step > 0 && opensOnNextLine(line)) {
      counts.set(step, (counts.get(step) ?? 0) + 1);
    }
  }
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0];
}

/** Spaces that stand for one tab in a text written with spaces into a file of tabs. */
function writtenStep(lines: readonly string[], unit: IndentationUnit): number {
  const widths = lines.slice(1).flatMap((line) => {
    const spaces = /^ +/.exec(line)?.[0].length;
    return spaces === undefined || isBlank(line) ? [] : [spaces];
  });
  return widths.length === 0 ? unit.width : widths.every((width) => width % 4 === 0) ? 4 : 2;
}

function convert(line: string, unit: IndentationUnit, tabSize: number): string {
  const space = leadingSpace(line);
  const content = line.slice(space.length);
  if (!unit.usesTabs) {
    return space.replaceAll('\t', ' '.repeat(tabSize)) + content;
  }
  // Spaces behind tabs align, as in a block comment's stars; spaces in front of everything are levels.
  const spaces = /^ */.exec(space)![0].length;
  return '\t'.repeat(Math.floor(spaces / tabSize)) + ' '.repeat(spaces % tabSize) + space.slice(spaces) + content;
}
