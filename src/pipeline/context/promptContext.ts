import type { Prompt } from '../../inference/protocol.ts';
import type { DocumentSnapshot } from './documentSnapshot.ts';
import type { SimilarTexts, SourceText } from './similarTexts.ts';

/** UTF-16 units before and after the cursor that other files are compared with. */
const COMPARED_CHARS = [1200, 400] as const;
const SHOWN_SEGMENTS = 3;

/** What the model sees of other files; undefined when nothing there is worth its tokens. */
export function promptContext(
  { text, offset, path = 'untitled' }: DocumentSnapshot,
  others: readonly SourceText[],
  { index, budgetChars }: { readonly index: SimilarTexts; readonly budgetChars: number },
): Prompt['context'] {
  const around = text.slice(Math.max(0, offset - COMPARED_CHARS[0]), offset + COMPARED_CHARS[1]);
  const files = index.find(around, others, budgetChars);
  return files.length === 0
    ? undefined
    : {
        repositoryName: repositoryName(path),
        path: shortPath(path),
        files: files.map((file) => ({ path: shortPath(file.path), text: file.text })),
      };
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
