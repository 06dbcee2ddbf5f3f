/** What is to be said about the editor that is in front, whatever the last request was about. */
export interface EditorFacts {
  /** Path as shown to the user. */
  readonly document: string;
  /** The status item's sentence. */
  readonly status: string;
  /** The last request was about this document. */
  readonly hasAsked: boolean;
}

/** A section about the active editor, for the end of the report. */
export function explainEditor(facts: EditorFacts | undefined): string {
  if (facts === undefined) {
    return '## The editor in front\n\nNo text editor is in front.\n';
  }
  const { document, status, hasAsked } = facts;
  const note = hasAsked
    ? ''
    : ' The last request was not about it. VS Code asks for suggestions when you type; in an editor that it made read-only, never.';
  return `## The editor in front\n\n${document}: ${status}${note}\n`;
}
