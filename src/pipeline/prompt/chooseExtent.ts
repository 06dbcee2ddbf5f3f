import type { DocumentSnapshot } from '../context/documentSnapshot.ts';

/** How far a completion may reach. */
export type Extent = 'single-line' | 'block';

/**
 * A block where a block is due: on an empty line, or right after something that opens one; else the rest of the line.
 *
 * A first form, on the line's own text; a grammar will decide better.
 */
export function chooseExtent(snapshot: DocumentSnapshot): Extent {
  const { text, offset } = snapshot;
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineFeed = text.indexOf('\n', offset);
  const before = text.slice(offset === 0 ? 0 : lineStart, offset);
  const after = text.slice(offset, lineFeed === -1 ? text.length : lineFeed);
  if (after.trim() !== '') {
    return 'single-line';
  }
  return before.trim() === '' || /[{([:]\s*$|=>\s*$|\bthen\s*$|\bdo\s*$/.test(before) ? 'block' : 'single-line';
}
