import type { ForwardRows, KeyValueCache, RowScores, ScoreRequest, TargetModel } from '../../src/engine/targetModel.ts';
import { createRandom } from './random.ts';

/**
 * A target model whose scores are a hash of the whole token path, so that any wrong parent, position, cached row or commit
 * changes what it says next. Stands for the real model in engine tests.
 */
export class TableModel implements TargetModel {
  readonly vocabularySize: number;
  readonly contextLength = 4096;
  readonly keepsTreePaths = true;
  readonly prefillChunkTokens: number;
  forwards = 0;
  private readonly seed: number;

  constructor(options: {
    readonly vocabularySize: number;
    readonly seed: number;
    readonly prefillChunkTokens?: number;
  }) {
    this.vocabularySize = options.vocabularySize;
    this.seed = options.seed;
    this.prefillChunkTokens = options.prefillChunkTokens ?? 8;
  }

  createCache(): KeyValueCache {
    return new TableCache();
  }

  forward(cache: KeyValueCache, rows: ForwardRows, request: ScoreRequest): Promise<readonly RowScores[]> {
    this.forwards++;
    const paths: (readonly number[])[] = [];
    rows.tokens.forEach((token, row) => {
      const parent = rows.parents[row]!;
      if (parent >= row || parent < -1) {
        throw new Error('parents must come first');
      }
      paths.push([...(parent === -1 ? cache.tokens : paths[parent]!), token]);
    });
    (cache as TableCache).pending = paths;
    return Promise.resolve(
      request.rows.map((row, index) => this.score(paths[row]!, request.detail, request.wanted?.[index])),
    );
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  /** Scores after a path, as every forward must report them. */
  score(path: readonly number[], detail: ScoreRequest['detail'], wanted?: readonly number[]): RowScores {
    const random = createRandom(
      path.reduce((hash, token) => Math.imul(hash ^ (token + 1), 0x01000193) >>> 0, this.seed),
    );
    const logits = Float32Array.from({ length: this.vocabularySize }, () => random() * 10);
    const order = Array.from(logits.keys()).sort((left, right) => logits[right]! - logits[left]! || left - right);
    const topIds = order.slice(0, 8);
    const logSumExp = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    return {
      topIds,
      topLogits: topIds.map((id) => logits[id]!),
      logSumExp,
      entropy: logits.reduce((sum, logit) => sum - Math.exp(logit - logSumExp) * (logit - logSumExp), 0),
      ...(wanted === undefined ? {} : { wantedLogits: new Map(wanted.map((id) => [id, logits[id]!])) }),
      ...(detail === 'logits' ? { logits } : {}),
    };
  }

  /** Plain greedy decoding without caches or forwards: the reference. */
  decodeGreedily(prompt: readonly number[], maxTokens: number, stopTokens: ReadonlySet<number>): number[] {
    const path = [...prompt];
    while (path.length < prompt.length + maxTokens) {
      const next = this.score(path, 'top').topIds[0]!;
      if (stopTokens.has(next)) {
        break;
      }
      path.push(next);
    }
    return path.slice(prompt.length);
  }
}

class TableCache implements KeyValueCache {
  tokens: number[] = [];
  readonly bytes = 0;
  pending: readonly (readonly number[])[] = [];

  commit(rows: readonly number[]): void {
    for (const row of rows) {
      const path = this.pending[row]!;
      const isPath =
        path.length === this.tokens.length + 1 && this.tokens.every((token, index) => token === path[index]);
      if (!isPath) {
        throw new Error('committed rows are not a path');
      }
      this.tokens = [...path];
    }
    this.pending = [];
  }

  lastHiddenStates(): undefined {
    return undefined;
  }

  truncate(length: number): void {
    this.tokens = this.tokens.slice(0, length);
    this.pending = [];
  }

  dispose(): void {}
}
