import type { DraftTree } from '../../src/engine/draft/draftTree.ts';
import type { KeyValueCache, TargetModel } from '../../src/engine/targetModel.ts';
import { chainRows } from '../../src/engine/targetModel.ts';
import { draftRows } from '../../src/engine/verify/verifyDraft.ts';

/** Largest differences of a logit between rows of a tree and the same rows of their paths run alone. */
export interface TreeDifference {
  /** Rows that come right after their ancestors, as in a chain. */
  readonly inLine: number;
  /** Rows with other rows between them and an ancestor. */
  readonly branched: number;
  readonly branchedRows: number;
  /** Branched rows whose best token is another one. */
  readonly bestChanged: number;
}

/** Adds a chain to the cache. */
export async function commitChain(model: TargetModel, cache: KeyValueCache, tokens: readonly number[]): Promise<void> {
  for (let start = 0; start < tokens.length; start += model.prefillChunkTokens) {
    const chunk = tokens.slice(start, start + model.prefillChunkTokens);
    await model.forward(cache, chainRows(chunk), { rows: [chunk.length - 1], detail: 'top' });
    cache.commit(chunk.map((_, row) => row));
  }
}

/** Nodes from the root down to this one. */
export function pathTo(draft: DraftTree, node: number): readonly number[] {
  const path: number[] = [];
  for (let above = node; above !== -1; above = draft[above]!.parent) {
    path.unshift(above);
  }
  return path;
}

/** Logits of every row of a draft after the cache's tokens and `lastToken`; nothing is committed. */
export async function logitsOf(
  model: TargetModel,
  cache: KeyValueCache,
  lastToken: number,
  draft: DraftTree,
): Promise<readonly Float32Array[]> {
  const rows = draftRows(lastToken, draft);
  const scores = await model.forward(cache, rows, { rows: rows.tokens.map((_, row) => row), detail: 'logits' });
  return scores.map(({ logits }) => logits!.slice());
}

/** Runs a tree after the cache's tokens and `lastToken`, then each of its paths alone; nothing is committed. */
export async function compareWithPaths(
  model: TargetModel,
  cache: KeyValueCache,
  lastToken: number,
  draft: DraftTree,
): Promise<TreeDifference> {
  const inTree = await logitsOf(model, cache, lastToken, draft);
  const leaves = Array.from(draft.keys()).filter((node) => !draft.some(({ parent }) => parent === node));
  let [inLine, branched, bestChanged] = [0, 0, 0];
  const branchedRows = new Set<number>();
  for (const leaf of leaves) {
    const path = pathTo(draft, leaf);
    const chain = path.map((node, depth) => ({ ...draft[node]!, parent: depth - 1 }));
    const alone = await logitsOf(model, cache, lastToken, chain);
    [-1, ...path].forEach((node, row) => {
      const difference = largestDifference(inTree[node + 1]!, alone[row]!);
      if (node + 1 === row) {
        inLine = Math.max(inLine, difference);
      } else if (!branchedRows.has(node)) {
        branchedRows.add(node);
        branched = Math.max(branched, difference);
        bestChanged += bestOf(inTree[node + 1]!) === bestOf(alone[row]!) ? 0 : 1;
      }
    });
  }
  return { inLine, branched, branchedRows: branchedRows.size, bestChanged };
}

export function largestDifference(left: Float32Array, right: Float32Array): number {
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - right[index]!)), 0);
}

function bestOf(logits: Float32Array): number {
  return logits.reduce((best, logit, index) => (logit > logits[best]! ? index : best), 0);
}
