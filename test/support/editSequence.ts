import { randomInteger } from './random.ts';

/** A text with a cursor, changed as typing, deleting and jumping would change it. */
export interface EditedText {
  readonly text: string;
  readonly offset: number;
}

const TYPED = ['x', ' = ', 'return ', '.', '(', '"', '\n', '\n    ', 'self', 'é', '👩', 'if '];

export function randomEdit(current: EditedText, random: () => number): EditedText {
  const { text, offset } = current;
  const choice = random();
  if (choice < 0.6) {
    const typed = TYPED[randomInteger(random, 0, TYPED.length - 1)]!;
    return { text: text.slice(0, offset) + typed + text.slice(offset), offset: offset + typed.length };
  }
  if (choice < 0.85) {
    // Whole characters: half an emoji is not a state an editor leaves behind.
    const kept = [...text.slice(0, offset)].slice(0, -randomInteger(random, 1, 6)).join('');
    return { text: kept + text.slice(offset), offset: kept.length };
  }
  const lines = text.split('\n');
  const line = randomInteger(random, 0, lines.length - 1);
  return { text, offset: lines.slice(0, line + 1).join('\n').length };
}
