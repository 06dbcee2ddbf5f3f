import type { Registry } from './packageList.ts';

/** One source file of the corpus; a line of `train.jsonl.gz` or `heldOut.jsonl.gz`. */
export interface CorpusRow {
  readonly package: string;
  readonly registry: Registry;
  readonly version: string;
  readonly licence: string;
  /** VS Code language id. */
  readonly language: string;
  /** Inside the package. */
  readonly path: string;
  readonly text: string;
}
