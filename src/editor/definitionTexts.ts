import * as vscode from 'vscode';
import { DEFINITION_LINES, definitionText } from '../pipeline/context/definitionText.ts';
import { NAME_LINES, namesNear } from '../pipeline/context/namesNear.ts';
import type { OpenText } from '../pipeline/session/draftTexts.ts';

const MAX_DEFINITIONS = 3;
/** Language services that need longer are busy with something else. */
const DEADLINE_MS = 500;

/**
 * The definitions of the names before a place, as the editor's own language services find them in other files of the workspace.
 *
 * They are asked in idle time only; what they found last for a document is kept.
 */
export class DefinitionTexts {
  private readonly found = new WeakMap<vscode.TextDocument, readonly OpenText[]>();
  private readonly isUsable: (document: vscode.TextDocument) => boolean;

  /** `isUsable` says which documents may be read for suggestions in others. */
  constructor(isUsable: (document: vscode.TextDocument) => boolean) {
    this.isUsable = isUsable;
  }

  /** The closest name's last, so that it stands closest to the prompt. */
  of(document: vscode.TextDocument): readonly OpenText[] {
    return this.found.get(document) ?? [];
  }

  /** Looks again; true when other definitions were found than before. Whatever the services do, it never rejects. */
  async find(document: vscode.TextDocument, position: vscode.Position): Promise<boolean> {
    const before = this.of(document);
    const definitions = await this.definitionsBefore(document, position);
    if (definitions === undefined || keyOf(definitions) === keyOf(before)) {
      return false;
    }
    this.found.set(document, definitions);
    return true;
  }

  /** Undefined when the time was not enough to say. */
  private async definitionsBefore(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<readonly OpenText[] | undefined> {
    const firstLine = Math.max(0, position.line - NAME_LINES);
    const lines = document.getText(new vscode.Range(new vscode.Position(firstLine, 0), position)).split(/\r?\n/);
    const endMs = performance.now() + DEADLINE_MS;
    const definitions: OpenText[] = [];
    for (const { line, column } of namesNear(lines)) {
      const place = new vscode.Position(firstLine + line, column);
      const definition = await within(endMs - performance.now(), this.definitionAt(document, place));
      if (definition === 'late') {
        return undefined;
      }
      if (definition !== undefined && !definitions.some((known) => keyOf([known]) === keyOf([definition]))) {
        definitions.unshift(definition);
      }
      if (definitions.length === MAX_DEFINITIONS) {
        break;
      }
    }
    return definitions;
  }

  private async definitionAt(document: vscode.TextDocument, place: vscode.Position): Promise<OpenText | undefined> {
    try {
      const [found] = await vscode.commands.executeCommand<readonly (vscode.Location | vscode.LocationLink)[]>(
        'vscode.executeDefinitionProvider',
        document.uri,
        place,
      );
      const target = found && ('targetUri' in found ? found.targetUri : found.uri);
      const range = found && ('targetUri' in found ? found.targetRange : found.range);
      if (target === undefined || range === undefined || !isOfWorkspace(target, document)) {
        return undefined;
      }
      const source = await vscode.workspace.openTextDocument(target);
      return this.isUsable(source) ? definitionIn(source, range.start.line) : undefined;
    } catch {
      // No service for the language, or a file that cannot be read: then the place has no definition.
      return undefined;
    }
  }
}

function isOfWorkspace(target: vscode.Uri, document: vscode.TextDocument): boolean {
  return (
    target.toString() !== document.uri.toString() &&
    vscode.workspace.getWorkspaceFolder(target) !== undefined &&
    !target.path.includes('/node_modules/')
  );
}

function definitionIn(source: vscode.TextDocument, line: number): OpenText {
  const range = new vscode.Range(line, 0, line + DEFINITION_LINES, 0);
  const text = definitionText(source.getText(range).split(/\r?\n/));
  return {
    path: source.uri.path,
    version: source.version,
    readStart: (chars) => text.slice(0, chars),
    definitionLine: line,
  };
}

function keyOf(definitions: readonly OpenText[]): string {
  return definitions.map(({ path, definitionLine, version }) => `${path}#${definitionLine}@${version}`).join('\n');
}

/** The answer, or `late` when it is not there in time. */
async function within<Answer>(milliseconds: number, answer: Promise<Answer>): Promise<Answer | 'late'> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
