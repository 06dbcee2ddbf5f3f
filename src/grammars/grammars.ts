import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { SourceParser, SourceParsers } from '../pipeline/syntax/sourceParser.ts';
import { GRAMMAR_NAMES } from './grammarNames.ts';
import type { TreeSitter } from './wasmParser.ts';
import { WasmParser } from './wasmParser.ts';

interface GrammarParts {
  /** The product's root folder: of the extension, or of a checkout. */
  readonly root: string;
  readonly logger: Pick<Logger, 'debug'>;
  readonly clock: Clock;
  /** Longest time for one text; a measurement has no limit, so that its result does not depend on the clock. */
  readonly parseBudgetMs?: number;
}

/**
 * The grammars of a window, each read from disk when its language is first asked for. Whatever goes wrong with one leaves its
 * language without, which is no error: everything that asks goes on as for a language that has none.
 */
export class Grammars implements SourceParsers {
  private readonly parts: GrammarParts;
  private readonly parsers = new Map<string, SourceParser | undefined>();
  private readonly loading = new Map<string, Promise<SourceParser | undefined>>();
  private runtime: Promise<TreeSitter> | undefined;

  constructor(parts: GrammarParts) {
    this.parts = parts;
  }

  parserFor(languageId: string): SourceParser | undefined {
    const name = nameOf(languageId);
    if (name !== undefined && !this.parsers.has(name)) {
      void this.load(languageId);
    }
    return name === undefined ? undefined : this.parsers.get(name);
  }

  /** Never rejects. */
  load(languageId: string): Promise<SourceParser | undefined> {
    const name = nameOf(languageId);
    if (name === undefined) {
      return Promise.resolve(undefined);
    }
    let loading = this.loading.get(name);
    if (loading === undefined) {
      loading = this.read(name).then((parser) => {
        this.parsers.set(name, parser);
        return parser;
      });
      this.loading.set(name, loading);
    }
    return loading;
  }

  private async read(name: string): Promise<SourceParser | undefined> {
    const { root, logger, clock, parseBudgetMs } = this.parts;
    try {
      const directory = findDirectory(root);
      const startMs = clock.now();
      this.runtime ??= loadRuntime(directory);
      const runtime = await this.runtime;
      const language = await runtime.Language.load(await readFile(path.join(directory, `tree-sitter-${name}.wasm`)));
      const parser = new WasmParser(runtime, language, { clock, parseBudgetMs });
      logger.debug(`grammar ${name} loaded in ${(clock.now() - startMs).toFixed(0)} ms`);
      return parser;
    } catch (error) {
      logger.debug(`no grammar ${name}, so syntax is not checked: ${error instanceof Error ? error.message : error}`);
      return undefined;
    }
  }
}

const PACKAGE_FOLDER = path.join('node_modules', '@vscode', 'tree-sitter-wasm', 'wasm');

/** Beside the programs in a VSIX, at the top in a checkout. */
function findDirectory(root: string): string {
  const inPackage = path.join(root, 'dist', PACKAGE_FOLDER);
  return existsSync(inPackage) ? inPackage : path.join(root, PACKAGE_FOLDER);
}

function nameOf(languageId: string): string | undefined {
  return Object.hasOwn(GRAMMAR_NAMES, languageId) ? GRAMMAR_NAMES[languageId] : undefined;
}

/** From the bytes, because the runtime would else look for its file by itself, and may try the network. */
async function loadRuntime(directory: string): Promise<TreeSitter> {
  const wasmBinary = await readFile(path.join(directory, 'tree-sitter.wasm'));
  const script = path.join(directory, 'tree-sitter.js');
  const runtime = createRequire(script)(script) as TreeSitter;
  // The declarations know one option of the several that Emscripten has.
  await runtime.Parser.init({ wasmBinary } as unknown as Parameters<TreeSitter['Parser']['init']>[0]);
  return runtime;
}
