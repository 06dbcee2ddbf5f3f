import { scanSource } from '../syntax/scanSource.ts';
import type { CleaningPlace, Draft } from './cleaningRule.ts';

/** A longer file is not scanned on every keystroke; there the rules about lines must do. */
const MAX_SCAN_CHARS = 100_000;

/** Whether brackets are counted at this place at all. */
export function countsBrackets({ snapshot, place }: CleaningPlace): boolean {
  return snapshot.text.length <= MAX_SCAN_CHARS && place !== 'prose';
}

/**
 * Offset of the first closing bracket in the text for which nothing is left to close: neither the text opened it, nor is
 * anything open at the cursor that is not closed after it. Undefined when all are due, or brackets are not counted here.
 */
export function findExtraCloser(draft: Draft, place: CleaningPlace): number | undefined {
  const { snapshot, syntax, state } = place;
  if (!countsBrackets(place)) {
    return undefined;
  }
  const written = scanSource(draft.text, syntax, state);
  if (written.unmatched.length === 0) {
    return undefined;
  }
  const after = scanSource(snapshot.text.slice(snapshot.offset + draft.replaceChars), syntax, state);
  const left = new Map<string, number>();
  count(left, state.brackets, 1);
  count(left, written.brackets, 1);
  count(
    left,
    after.unmatched.map(({ closer }) => closer),
    -1,
  );
  return written.unmatched.find(({ closer }) => {
    count(left, [closer], -1);
    return left.get(kindOf(closer))! < 0;
  })?.offset;
}

function count(left: Map<string, number>, brackets: readonly string[], sign: number): void {
  for (const bracket of brackets) {
    left.set(kindOf(bracket), (left.get(kindOf(bracket)) ?? 0) + sign);
  }
}

function kindOf(bracket: string): string {
  return '()'.includes(bracket) ? 'round' : '[]'.includes(bracket) ? 'square' : 'curly';
}
