const MAX_PLACES = 3;
/** Edits this close to each other are one place. */
const PLACE_LINES = 10;

/** A change of a document's text: lines `line` up to `line + removedLines` became `1 + addedLines` ones. */
export interface LineChange {
  /** From 0. */
  readonly line: number;
  readonly removedLines: number;
  readonly addedLines: number;
}

/** The lines that were edited of late, the newest first, one for each place, after one more change. */
export function editedLinesAfter(
  edited: readonly number[],
  { line, removedLines, addedLines }: LineChange,
): readonly number[] {
  const moved = edited
    .map((other) => (other > line ? Math.max(line, other + addedLines - removedLines) : other))
    .filter((other) => Math.abs(other - line) > PLACE_LINES);
  return [line, ...moved].slice(0, MAX_PLACES);
}
