import type { DocumentSnapshot } from '../../src/pipeline/context/documentSnapshot.ts';

/** A snapshot from a text with its cursor written as `▮`. */
export function snapshotOf(marked: string, overrides: Partial<DocumentSnapshot> = {}): DocumentSnapshot {
  const offset = marked.indexOf('▮');
  if (offset === -1) {
    throw new Error('the text has no cursor mark');
  }
  return {
    documentId: 'file:///sample',
    languageId: 'typescript',
    text: marked.replace('▮', ''),
    lineEnding: '\n',
    offset,
    ...overrides,
  };
}
