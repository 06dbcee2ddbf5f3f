import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import type { OpenText } from '../pipeline/session/draftTexts.ts';
import type { Trace, TraceEdit } from './replayTrace.ts';
import { applyEdit } from './replayTrace.ts';

interface OpenFile {
  readonly language: string;
  text: string;
  /** Where the last edit left the cursor; undefined before the first. */
  cursor: number | undefined;
}

/** The files of a trace as the edits have left them so far, and the order in which they had the focus. */
export class ReplayFiles {
  private readonly window: string;
  private readonly files: ReadonlyMap<string, OpenFile>;
  /** Paths of the files that had the focus, the active one last. */
  private readonly order = new Set<string>();

  /** `window` tells files of the same path in different playings apart. */
  constructor(trace: Trace, window: string) {
    this.window = window;
    this.files = new Map(
      trace.files.map(({ path, language, initial }) => [path, { language, text: initial, cursor: undefined }]),
    );
    for (const { path } of trace.files.filter(({ isOpen }) => isOpen)) {
      this.order.add(path);
    }
  }

  activate(path: string): void {
    this.order.delete(path);
    this.order.add(path);
  }

  apply(edit: TraceEdit): void {
    const file = this.files.get(edit.path)!;
    file.text = applyEdit(file.text, edit);
    file.cursor = edit.cursor;
  }

  cursorOf(path: string): number | undefined {
    return this.files.get(path)!.cursor;
  }

  /** `cursor`: UTF-16 offset into the text with the file's own line endings. */
  snapshot(path: string, cursor: number): DocumentSnapshot {
    const { text, language } = this.files.get(path)!;
    return {
      documentId: `${this.window}/${path}`,
      languageId: language,
      path,
      text: text.replaceAll('\r\n', '\n'),
      lineEnding: text.includes('\r\n') ? '\r\n' : '\n',
      offset: text.slice(0, cursor).replaceAll('\r\n', '\n').length,
    };
  }

  /** The files beside the active one that had the focus, the last one first. */
  othersByUse(): readonly OpenText[] {
    return [...this.order]
      .slice(0, -1)
      .reverse()
      .map((path) => ({ path, readStart: (chars) => this.files.get(path)!.text.slice(0, chars) }));
  }
}
