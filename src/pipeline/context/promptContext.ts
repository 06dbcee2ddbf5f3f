import type { Prompt } from '../../inference/protocol.ts';
import type { DocumentSnapshot } from './documentSnapshot.ts';
import { isPrivatePath } from './isPrivatePath.ts';
import type { SimilarTexts, SourceText } from './similarTexts.ts';

/** UTF-16 units before and after the cursor that other files are compared with. */
const COMPARED_CHARS = [1200, 400] as const;
const SHOWN_SEGMENTS = 3;
const MAX_DEFINITION_CHARS = 1500;

/**
 * What the model sees of other files; undefined when nothing there is worth its tokens.
 *
 * Definitions of names near the cursor come before what is similar, and stand closest to the prompt.
 */
export function promptContext(
  { text, offset, path = 'untitled' }: DocumentSnapshot,
  others: readonly SourceText[],
  { index, budgetChars }: { readonly index: SimilarTexts; readonly budgetChars: number },
): Prompt['context'] {
  const around = text.slice(Math.max(0, offset - COMPARED_CHARS[0]), offset + COMPARED_CHARS[1]);
  const definitions = takeDefinitions(others, budgetChars);
  const restChars = budgetChars - sizeOf(definitions);
  const documents = others.filter(({ definitionLine }) => definitionLine === undefined);
  const similar = index
    .find(around, documents, restChars)
    .filter(({ text: shown }) => !definitions.some((definition) => shown.includes(definition.text)));
  const files = [...similar, ...definitions];
  return files.length === 0
    ? undefined
    : {
        repositoryName: repositoryName(path),
        path: shortPath(path),
        files: files.map((file) => ({ path: shortPath(file.path), text: file.text })),
      };
}

/** The definitions among the texts of other files. */
export function definitionsAmong(
  others: readonly SourceText[],
): readonly { readonly path: string; readonly text: string }[] {
  return others
    .filter(({ path, definitionLine }) => definitionLine !== undefined && !isPrivatePath(path))
    .map(({ path, readStart }) => ({ path, text: readStart(MAX_DEFINITION_CHARS) }));
}

function takeDefinitions(others: readonly SourceText[], budgetChars: number) {
  const taken: { readonly path: string; readonly text: string }[] = [];
  for (const definition of definitionsAmong(others)) {
    if (sizeOf([...taken, definition]) <= budgetChars) {
      taken.push(definition);
    }
  }
  return taken;
}

function sizeOf(files: readonly { readonly path: string; readonly text: string }[]): number {
  return files.reduce((sum, { path, text }) => sum + path.length + text.length, 0);
}

/** The last few segments: enough to tell files apart and to name their language. */
function shortPath(path: string): string {
  return segments(path).slice(-SHOWN_SEGMENTS).join('/');
}

function repositoryName(path: string): string {
  return segments(path).at(-SHOWN_SEGMENTS - 1) ?? 'project';
}

function segments(path: string): readonly string[] {
  return path.split(/[\\/]/).filter((segment) => segment !== '');
}
