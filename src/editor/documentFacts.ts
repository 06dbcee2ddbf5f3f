import * as vscode from 'vscode';
import type { EventFacts } from '../pipeline/gate/refuseEvent.ts';
import type { Settings } from '../settings/settings.ts';
import { isLanguageEnabled } from '../settings/settings.ts';
import { fileExclusion } from './fileExclusion.ts';

/** What is known of a document, whatever happens in it. */
type DocumentFacts = Omit<EventFacts, 'cursors' | 'isSnoozed' | 'isExplicit' | 'trigger'>;

export function documentFacts(document: vscode.TextDocument, settings: Settings): DocumentFacts {
  const { scheme } = document.uri;
  return {
    isEnabled: settings.enabled,
    isLanguageEnabled: isLanguageEnabled(settings, document.languageId),
    languageId: document.languageId,
    scheme,
    // VS Code tells extensions of read-only file systems, not of single files that are made read-only.
    isReadOnly: vscode.workspace.fs.isWritableFileSystem(scheme) === false,
    exclusion: fileExclusion(document, settings),
    documentChars: document.offsetAt(document.lineAt(document.lineCount - 1).range.end),
  };
}
