import { isPrivatePath } from '../context/isPrivatePath.ts';
import type { SourceText } from '../context/similarTexts.ts';

const MAX_TEXTS = 6;
/** Longer texts are cut here: they are sent with each request. */
const MAX_TEXT_CHARS = 16_000;

/** The text of an open document, or of a definition in one. */
export type OpenText = SourceText;

/**
 * The texts of other open documents that drafts may be copied from, without files that may hold secrets.
 *
 * `others`: definitions near the cursor, then the last active document first; only the texts that are taken are read.
 */
export function draftTexts(others: readonly OpenText[]): readonly string[] {
  return others
    .filter(({ path }) => !isPrivatePath(path))
    .slice(0, MAX_TEXTS)
    .map(({ readStart }) => readStart(MAX_TEXT_CHARS).replaceAll('\r\n', '\n'));
}
