import type { Language, Parser, Query } from '@vscode/tree-sitter-wasm';
import type { Clock } from '../base/clock.ts';
import type { SourceParser, SyntaxFault } from '../pipeline/syntax/sourceParser.ts';

export type TreeSitter = typeof import('@vscode/tree-sitter-wasm');

const FAULTS = '(ERROR) @error (MISSING) @missing';

/** One grammar's parser. A text is parsed from its beginning each time: after errors, a parse that goes on from an older tree may find others. */
export class WasmParser implements SourceParser {
  private readonly parser: Parser;
  private readonly query: Query;
  private readonly clock: Clock;
  private readonly parseBudgetMs: number;

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

  findFaults(text: string): readonly SyntaxFault[] | undefined {
    const endMs = this.clock.now() + this.parseBudgetMs;
    const tree = this.parser.parse(text, null, { progressCallback: () => this.clock.now() > endMs });
    if (tree === null) {
      // Else the next parse would go on with this text.
      this.parser.reset();
      return undefined;
    }
    try {
      if (!tree.rootNode.hasError) {
        return [];
      }
      return this.query.captures(tree.rootNode).map(({ name, node }) => ({
        kind: name === 'missing' ? ('missing' as const) : ('error' as const),
        start: node.startIndex,
        end: node.endIndex,
      }));
    } finally {
      // The memory of WASM is not collected.
      tree.delete();
    }
  }
}
