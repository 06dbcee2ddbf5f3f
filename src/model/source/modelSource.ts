/**
 * Where the builder takes a model from: a GGUF file, or a seeded random generator for tests. The builder never learns
 * which; an adapter that is merged before quantisation is one more implementation around another.
 */

import type { PreTokenizer } from '../../engine/tokenizer/preTokenize.ts';
import type { Architecture, ModelShape } from '../manifest.ts';

/** A matrix as the forward pass uses it: `rows` outputs by `columns` inputs, row-major, never whole in memory. */
export interface WeightMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Writes rows `[firstRow, firstRow + rowCount)` to the start of `into`, which the caller owns. */
  readRows(firstRow: number, rowCount: number, into: Float32Array): Promise<void>;
}

export type LayerMatrixRole = 'query' | 'key' | 'value' | 'attentionOutput' | 'gate' | 'up' | 'down';
export type LayerVectorRole = 'attentionNorm' | 'feedForwardNorm' | 'queryBias' | 'keyBias' | 'valueBias';

/** A byte-level BPE vocabulary. Token texts spell bytes as printable characters (GPT-2's byte-to-unicode table). */
export interface TokenizerSource {
  readonly tokens: readonly string[];
  readonly kinds: readonly TokenKind[];
  /** Pairs joined by one space, best first. */
  readonly merges: readonly string[];
  readonly preTokenizer: PreTokenizer;
  /** Ids that the source names as ends of a text or a turn. */
  readonly endTokens: readonly number[];
}

/** `control` and `added` texts are matched whole before merging; `unused` ids pad the vocabulary. */
export type TokenKind = 'ordinary' | 'control' | 'added' | 'unused';

export interface ModelSource {
  readonly architecture: Architecture;
  readonly shape: ModelShape;
  readonly tokenizer: TokenizerSource;
  /** Whether query, key and value projections have biases. */
  readonly hasAttentionBias: boolean;
  /** Output head, `(vocabulary, hidden)`. */
  readonly head: WeightMatrix;
  /** Absent when the head's table is also the embedding. */
  readonly embedding: WeightMatrix | undefined;
  layerMatrix(layer: number, role: LayerMatrixRole): WeightMatrix;
  layerVector(layer: number, role: LayerVectorRole): Promise<Float32Array>;
  finalNorm(): Promise<Float32Array>;
  close(): Promise<void>;
}
