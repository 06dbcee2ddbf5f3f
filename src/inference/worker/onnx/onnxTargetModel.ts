/** The target model on ONNX Runtime. Graph inputs and outputs are those of `model/onnx/decoderGraph.ts`. */

import type { InferenceSession } from 'onnxruntime-node';
import { Tensor } from 'onnxruntime-node';
import type { ForwardRows, KeyValueCache, RowScores, ScoreRequest, TargetModel } from '../../../engine/targetModel.ts';
import type { ModelShape } from '../../../model/manifest.ts';
import { TOP_IDS } from '../../../model/manifest.ts';
import { DeviceCache } from './deviceCache.ts';
import { HostCache } from './hostCache.ts';

/**
 * A forward of one row uses another kernel than one of two or more, with logits that differ by up to 0.7, while rows are
 * bit-identical for every count from two on (ARCHITECTURE.md, measured facts). So single rows are padded: drafts, cache reuse and chunking
 * then cannot change the text.
 */
const MINIMUM_ROWS = 2;

/** 64 rows take 0.15–0.5 s on two cores, which bounds a cancelled prefill; larger chunks are no faster. */
const PREFILL_CHUNK_TOKENS = 64;

const BLOCKED = -1e9;
const STATISTICS = ['top_ids', 'top_logits', 'lse', 'entropy'] as const;

export class OnnxTargetModel implements TargetModel {
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly prefillChunkTokens = PREFILL_CHUNK_TOKENS;
  readonly keepsTreePaths: boolean;
  private readonly session: InferenceSession;
  private readonly shape: ModelShape;
  private readonly keepsCacheOnDevice: boolean;

  /** The model owns the session from here on. */
  constructor(session: InferenceSession, shape: ModelShape, options: { readonly keepsCacheOnDevice: boolean }) {
    this.session = session;
    this.shape = shape;
    this.keepsCacheOnDevice = options.keepsCacheOnDevice;
    this.keepsTreePaths = !options.keepsCacheOnDevice;
    this.vocabularySize = shape.vocabulary;
    this.contextLength = shape.contextLength;
  }

  createCache(): KeyValueCache {
    return this.keepsCacheOnDevice ? new DeviceCache() : new HostCache(this.shape);
  }

  async forward(cache: KeyValueCache, rows: ForwardRows, request: ScoreRequest): Promise<readonly RowScores[]> {
    const past = cache.tokens.length;
    const padded = padRows(rows);
    const total = past + padded.tokens.length;
    if (past + rows.tokens.length > this.contextLength) {
      throw new Error(`${total} tokens do not fit the context of ${this.contextLength}`);
    }
    const feeds = { ...rowFeeds(padded, past, request), ...this.pastFeeds(cache, total) };
    if (cache instanceof HostCache) {
      const logits = request.detail === 'logits' ? ['logits'] : [];
      const wanted = request.wanted === undefined ? [] : ['want_logits'];
      const results = await this.session.run(feeds, [...STATISTICS, 'hidden', 'new_rows', ...logits, ...wanted]);
      cache.setPending({
        tokens: rows.tokens,
        keyValues: results.new_rows!.data as Float32Array,
        hiddenStates: results.hidden!.data as Float32Array,
      });
      return readScores(results, request, this.vocabularySize);
    }
    // With outputs bound to a device the runtime wants all of them fetched ("Output count mismatch").
    const results = await this.session.run(feeds);
    const present = this.presentNames().map((name) => [name.replace('present', 'past_key_values'), results[name]!]);
    (cache as DeviceCache).setPending(rows.tokens, Object.fromEntries(present) as Record<string, Tensor>);
    return readScores(results, request, this.vocabularySize);
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }

  private pastFeeds(cache: KeyValueCache, totalRows: number): Record<string, Tensor> {
    const { layers, keyValueHeads, headSize } = this.shape;
    if (cache instanceof DeviceCache) {
      return Object.keys(cache.past).length > 0 ? { ...cache.past } : this.emptyPast();
    }
    const host = cache as HostCache;
    host.reserve(totalRows);
    const dims = [1, keyValueHeads, host.capacity, headSize];
    const feeds: Record<string, Tensor> = {};
    for (let layer = 0; layer < layers; layer++) {
      feeds[`past_key_values.${layer}.key`] = new Tensor('float32', host.view(layer, 0), dims);
      feeds[`past_key_values.${layer}.value`] = new Tensor('float32', host.view(layer, 1), dims);
    }
    return feeds;
  }

  /** One unused row: zero-sized tensors are refused by some providers. */
  private emptyPast(): Record<string, Tensor> {
    const { keyValueHeads, headSize } = this.shape;
    const zeros = new Float32Array(keyValueHeads * headSize);
    const names = this.presentNames().map((name) => name.replace('present', 'past_key_values'));
    return Object.fromEntries(
      names.map((name) => [name, new Tensor('float32', zeros, [1, keyValueHeads, 1, headSize])]),
    );
  }

  private presentNames(): readonly string[] {
    return Array.from({ length: this.shape.layers }, (_, layer) => [
      `present.${layer}.key`,
      `present.${layer}.value`,
    ]).flat();
  }
}

/** Appends a junk row where there is only one; its cache row is overwritten by the next forward. */
function padRows(rows: ForwardRows): ForwardRows {
  if (rows.tokens.length >= MINIMUM_ROWS) {
    return rows;
  }
  return { tokens: [...rows.tokens, 0], parents: [...rows.parents, 0] };
}

/**
 * Ids, positions and masks of a forward. A row's position is the context's length plus its depth; the bias keeps it from
 * seeing rows that are not its ancestors, the kernel's own causal mask hides the later ones.
 */
function rowFeeds(rows: ForwardRows, past: number, request: ScoreRequest): Record<string, Tensor> {
  const count = rows.tokens.length;
  const total = past + count;
  const depths = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const parent = rows.parents[row]!;
    depths[row] = parent === -1 ? 0 : depths[parent]! + 1;
  }
  const scoredRows = request.rows;
  const wantedCount = wantedColumns(request.wanted);
  const wantedIds = new BigInt64Array(scoredRows.length * wantedCount);
  request.wanted?.forEach((ids, index) => {
    ids.forEach((id, column) => {
      wantedIds[index * wantedCount + column] = BigInt(id);
    });
  });
  const int64 = (values: ArrayLike<number>): BigInt64Array => BigInt64Array.from(Array.from(values, BigInt));
  return {
    input_ids: new Tensor('int64', int64(rows.tokens), [1, count]),
    position_ids: new Tensor('int64', int64(depths.map((depth) => past + depth)), [1, count]),
    seqlens_k: new Tensor('int32', Int32Array.of(total - 1), [1]),
    total_sequence_length: new Tensor('int32', Int32Array.of(total), []),
    attention_bias: new Tensor('float32', attentionBias(rows, past), [1, 1, count, total]),
    logit_rows: new Tensor('int64', int64(scoredRows), [scoredRows.length]),
    want_ids: new Tensor('int64', wantedIds, [1, scoredRows.length, wantedCount]),
  };
}

/** Width of the table of wanted ids, at least one: an empty input is refused by some providers. */
function wantedColumns(wanted: ScoreRequest['wanted']): number {
  return Math.max(1, ...(wanted ?? []).map((ids) => ids.length));
}

/** `(row, past + rows)`: zero where a row may look. All zero for a chain, which the causal mask already describes. */
function attentionBias(rows: ForwardRows, past: number): Float32Array {
  const count = rows.tokens.length;
  const total = past + count;
  const bias = new Float32Array(count * total);
  for (let row = 0; row < count; row++) {
    let ancestor = rows.parents[row]!;
    for (let other = row - 1; other >= 0; other--) {
      if (other === ancestor) {
        ancestor = rows.parents[ancestor]!;
      } else {
        bias[row * total + past + other] = BLOCKED;
      }
    }
  }
  return bias;
}

function readScores(
  results: Awaited<ReturnType<InferenceSession['run']>>,
  request: ScoreRequest,
  vocabularySize: number,
): readonly RowScores[] {
  const topIds = results.top_ids!.data as BigInt64Array;
  const topLogits = results.top_logits!.data as Float32Array;
  const logSumExp = results.lse!.data as Float32Array;
  const entropy = results.entropy!.data as Float32Array;
  const logits = results.logits?.data as Float32Array | undefined;
  const wantedLogits = results.want_logits?.data as Float32Array | undefined;
  const wantedCount = wantedColumns(request.wanted);
  const wantedOf = (ids: readonly number[], index: number): ReadonlyMap<number, number> =>
    new Map(ids.map((id, column) => [id, wantedLogits![index * wantedCount + column]!]));
  return request.rows.map((_, index) => ({
    topIds: Array.from(topIds.subarray(index * TOP_IDS, (index + 1) * TOP_IDS), Number),
    topLogits: Array.from(topLogits.subarray(index * TOP_IDS, (index + 1) * TOP_IDS)),
    logSumExp: logSumExp[index]!,
    entropy: entropy[index]!,
    ...(request.wanted === undefined ? {} : { wantedLogits: wantedOf(request.wanted[index]!, index) }),
    ...(logits === undefined ? {} : { logits: logits.subarray(index * vocabularySize, (index + 1) * vocabularySize) }),
  }));
}
