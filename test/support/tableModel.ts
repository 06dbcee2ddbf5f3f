import type { ForwardRows, KeyValueCache, RowScores, ScoreRequest, TargetModel } from '../../src/engine/targetModel.ts';
import { createRandom } from './random.ts';

const TOP_IDS = 8;

export interface TableModelOptions {
  readonly vocabularySize: number;
  readonly seed: number;
  /** Defaults to 8. */
  readonly prefillChunkTokens?: number;
  /** Defaults to true; false stands for caches that stay on a device. */
  readonly keepsTreePaths?: boolean;
}

/** What there is to know about one path. */
interface PathScores extends RowScores {
  readonly logits: Float32Array;
}

/**
 * A target model whose scores are a hash of the whole token path, so that any wrong parent, position, cached row or commit
 * changes what it says next. Stands for the real model in engine tests.
 */
export class TableModel implements TargetModel {
  readonly vocabularySize: number;
  readonly contextLength = 4096;
  readonly keepsTreePaths: boolean;
  readonly prefillChunkTokens: number;
  forwards = 0;
  private readonly seed: number;
  private readonly scoresByHash = new Map<number, PathScores>();

  constructor(options: TableModelOptions) {
    this.vocabularySize = options.vocabularySize;
    this.seed = options.seed;
    this.prefillChunkTokens = options.prefillChunkTokens ?? 8;
    this.keepsTreePaths = options.keepsTreePaths ?? true;
  }

  createCache(): KeyValueCache {
    return new TableCache(this.keepsTreePaths);
  }

  forward(cache: KeyValueCache, rows: ForwardRows, request: ScoreRequest): Promise<readonly RowScores[]> {
    this.forwards++;
    rows.parents.forEach((parent, row) => {
      if (parent >= row || parent < -1) {
        throw new Error('parents must come first');
      }
    });
    (cache as TableCache).pending = rows;
    const contextHash = this.hash(cache.tokens);
    const hashes: number[] = [];
    rows.tokens.forEach((token, row) => {
      const parent = rows.parents[row]!;
      hashes.push(extendHash(parent === -1 ? contextHash : hashes[parent]!, token));
    });
    return Promise.resolve(
      request.rows.map((row, index) => this.report(hashes[row]!, request.detail, request.wanted?.[index])),
    );
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  /** Scores after a path, as every forward must report them. */
  score(path: readonly number[], detail: ScoreRequest['detail'], wanted?: readonly number[]): RowScores {
    return this.report(this.hash(path), detail, wanted);
  }

  /** Plain greedy decoding without caches or forwards: the reference. */
  decodeGreedily(prompt: readonly number[], maxTokens: number, stopTokens: ReadonlySet<number>): number[] {
    const written: number[] = [];
    let hash = this.hash(prompt);
    while (written.length < maxTokens) {
      const next = this.scoresOf(hash).topIds[0]!;
      if (stopTokens.has(next)) {
        break;
      }
      written.push(next);
      hash = extendHash(hash, next);
    }
    return written;
  }

  private hash(path: readonly number[]): number {
    return path.reduce(extendHash, this.seed);
  }

  private report(hash: number, detail: ScoreRequest['detail'], wanted: readonly number[] | undefined): RowScores {
    const { logits, ...scores } = this.scoresOf(hash);
    return {
      ...scores,
      ...(wanted === undefined ? {} : { wantedLogits: new Map(wanted.map((id) => [id, logits[id]!])) }),
      ...(detail === 'logits' ? { logits } : {}),
    };
  }

  private scoresOf(hash: number): PathScores {
    const known = this.scoresByHash.get(hash);
    if (known !== undefined) {
      return known;
    }
    const random = createRandom(hash);
    const logits = new Float32Array(this.vocabularySize).map(() => random() * 10);
    const topIds = Array.from(logits.keys())
      .sort((left, right) => logits[right]! - logits[left]! || left - right)
      .slice(0, TOP_IDS);
    const logSumExp = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const scores = {
      topIds,
      topLogits: topIds.map((id) => logits[id]!),
      logSumExp,
      entropy: logits.reduce((sum, logit) => sum - Math.exp(logit - logSumExp) * (logit - logSumExp), 0),
      logits,
    };
    this.scoresByHash.set(hash, scores);
    return scores;
  }
}

function extendHash(hash: number, token: number): number {
  return Math.imul(hash ^ (token + 1), 0x01000193) >>> 0;
}

class TableCache implements KeyValueCache {
  tokens: number[] = [];
  readonly bytes = 0;
  pending: ForwardRows | undefined;
  private readonly keepsTreePaths: boolean;

  constructor(keepsTreePaths: boolean) {
    this.keepsTreePaths = keepsTreePaths;
  }

  commit(rows: readonly number[]): void {
    const { pending } = this;
    if (pending === undefined) {
      throw new Error('commit without a forward');
    }
    rows.forEach((row, index) => {
      if (pending.parents[row] !== (index === 0 ? -1 : rows[index - 1])) {
        throw new Error('committed rows are not a path');
      }
      if (!this.keepsTreePaths && row !== index) {
        throw new Error('this cache keeps chains only');
      }
    });
    this.tokens.push(...rows.map((row) => pending.tokens[row]!));
    this.pending = undefined;
  }

  lastHiddenStates(): undefined {
    return undefined;
  }

  truncate(length: number): void {
    this.tokens.length = Math.min(this.tokens.length, length);
    this.pending = undefined;
  }

  dispose(): void {}
}
