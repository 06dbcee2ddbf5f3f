import { isCommonWord } from './commonWords.ts';

/** Lines before the cursor's in which names are looked for. */
export const NAME_LINES = 12;
const MAX_NAMES = 6;
const MIN_NAME_CHARS = 3;

/** A name in some lines, by its first occurrence looking back from the cursor. */
export interface NearName {
  readonly name: string;
  /** Index into the lines. */
  readonly line: number;
  /** UTF-16 units from the start of the line. */
  readonly column: number;
}

/**
 * The names closest before the end of the lines, the closest first, each once: those of calls and members (`name(`, `.name`) and
 * of types (a capital first) before others.
 */
export function namesNear(lines: readonly string[]): readonly NearName[] {
  const byName = new Map<string, NearName & { readonly isTelling: boolean }>();
  for (let line = lines.length - 1; line >= 0; line--) {
    const text = lines[line]!;
    for (const match of [...text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu)].reverse()) {
      const name = match[0];
      if (name.length < MIN_NAME_CHARS || isCommonWord(name) || byName.has(name)) {
        continue;
      }
      const isTelling =
        /^\p{Lu}/u.test(name) || text[match.index - 1] === '.' || text[match.index + name.length] === '(';
      byName.set(name, { name, line, column: match.index, isTelling });
    }
  }
  const names = [...byName.values()];
  return [...names.filter(({ isTelling }) => isTelling), ...names.filter(({ isTelling }) => !isTelling)]
    .slice(0, MAX_NAMES)
    .map(({ name, line, column }) => ({ name, line, column }));
}
