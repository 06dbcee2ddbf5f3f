import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import type { Position } from './positions.ts';

/** The document of a position with its middle taken out and the cursor in its place. */
export function toSnapshot(position: Position): DocumentSnapshot {
  const prefix = position.prefix.replaceAll('\r\n', '\n');
  const suffix = position.suffix.replaceAll('\r\n', '\n');
  return {
    // One name for all positions: they run in turn and from an empty cache, and one cache's memory serves them all.
    documentId: 'position',
    languageId: position.language,
    path: position.path,
    text: prefix + suffix,
    lineEnding: position.prefix.includes('\r\n') || position.suffix.includes('\r\n') ? '\r\n' : '\n',
    offset: prefix.length,
  };
}
