import * as vscode from 'vscode';
import type { Settings } from '../settings/settings.ts';
import { resolveGlob } from './surface/resolveGlob.ts';

/** Why a file is left out: a glob that excludes it, or that none includes it. */
export type FileExclusion = { readonly kind: 'excluded'; readonly glob: string } | { readonly kind: 'not-included' };

/** Why the settings leave a document out; undefined when they do not. Cheap enough for every keystroke. */
export function fileExclusion(
  document: vscode.TextDocument,
  { include, exclude }: Pick<Settings, 'include' | 'exclude'>,
): FileExclusion | undefined {
  const excluding = exclude.find((glob) => matches(document, glob));
  if (excluding !== undefined) {
    return { kind: 'excluded', glob: excluding };
  }
  return include.some((glob) => glob === '**' || matches(document, glob)) ? undefined : { kind: 'not-included' };
}

/** VS Code's own matching, so that globs mean here what they mean in its settings. */
function matches(document: vscode.TextDocument, glob: string): boolean {
  const { pattern, isInFolder } = resolveGlob(glob);
  const folder = isInFolder ? vscode.workspace.getWorkspaceFolder(document.uri) : undefined;
  // A file of no folder is matched by the end of its path.
  const wanted =
    folder === undefined ? (isInFolder ? `**/${pattern}` : pattern) : new vscode.RelativePattern(folder, pattern);
  return vscode.languages.match({ pattern: wanted }, document) > 0;
}
