import type { Language, Parser, Point, Query, Tree } from '@vscode/tree-sitter-wasm';
import type { Clock } from '../base/clock.ts';
import type { SourceParser, SyntaxFault, TextInsertion } from '../pipeline/syntax/sourceParser.ts';

export type TreeSitter = typeof import('@vscode/tree-sitter-wasm');

const FAULTS = '(ERROR) @error (MISSING) @missing';

/**
 * One grammar's parser. It keeps the tree of the text that it parsed last, so that insertions into that cost a tenth of it; what
 * it finds depends on the text and the insertion alone.
 */
export class WasmParser implements SourceParser {
  private readonly parser: Parser;
  private readonly query: Query;
  private readonly clock: Clock;
  private readonly parseBudgetMs: number;
  private last: { readonly text: string; readonly tree: Tree } | undefined;

  constructor(
    runtime: TreeSitter,
    language: Language,
    { clock, parseBudgetMs }: { readonly clock: Clock; readonly parseBudgetMs: number | undefined },
  ) {
    this.parser = new runtime.Parser();
    this.parser.setLanguage(language);
    this.query = new runtime.Query(language, FAULTS);
    this.clock = clock;
    this.parseBudgetMs = parseBudgetMs ?? Number.POSITIVE_INFINITY;
  }

  findFaults(text: string, insertion?: TextInsertion): readonly SyntaxFault[] | undefined {
    const tree = this.treeOf(text);
    if (tree === undefined || insertion === undefined) {
      return tree && this.faultsIn(tree);
    }
    const { at, inserted } = insertion;
    const edited = tree.copy();
    const startPosition = pointAt(text, at);
    const newText = text.slice(0, at) + inserted + text.slice(at);
    edited.edit({
      startIndex: at,
      oldEndIndex: at,
      newEndIndex: at + inserted.length,
      startPosition,
      oldEndPosition: startPosition,
      newEndPosition: pointAt(newText, at + inserted.length),
    });
    const withInsertion = this.parse(newText, edited);
    const faults = withInsertion && this.faultsIn(withInsertion);
    // The memory of WebAssembly is not collected.
    edited.delete();
    withInsertion?.delete();
    return faults;
  }

  private treeOf(text: string): Tree | undefined {
    if (this.last?.text !== text) {
      this.last?.tree.delete();
      const tree = this.parse(text, null);
      this.last = tree && { text, tree };
    }
    return this.last?.tree;
  }

  private parse(text: string, from: Tree | null): Tree | undefined {
    const endMs = this.clock.now() + this.parseBudgetMs;
    const tree = this.parser.parse(text, from, { progressCallback: () => this.clock.now() > endMs });
    if (tree === null) {
      // Else the next parse would go on with this text.
      this.parser.reset();
    }
    return tree ?? undefined;
  }

  private faultsIn({ rootNode }: Tree): readonly SyntaxFault[] {
    return rootNode.hasError
      ? this.query.captures(rootNode).map(({ name, node }) => ({
          kind: name === 'missing' ? ('missing' as const) : ('error' as const),
          start: node.startIndex,
          end: node.endIndex,
        }))
      : [];
  }
}

function pointAt(text: string, offset: number): Point {
  let row = 0;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    row++;
    lineStart = at + 1;
  }
  return { row, column: offset - lineStart };
}
