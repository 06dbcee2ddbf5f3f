/**
 * The decoder as one ONNX graph: the forward pass of Llama and Qwen2, with the statistics that decoding needs computed
 * inside, because copying a row of logits out costs more than all of them.
 *
 * Rows = tokens of this forward (T), scored rows = those that go through the head (R), wanted = ids per scored row (G),
 * cache rows = room in the cache, total rows = rows in the cache and of this forward.
 *
 * Keys and values of the new rows come out twice, at the caller's choice: as `new_rows`, to be copied behind the cached
 * ones for the rows that are accepted, or as whole `present.*` tensors, which an execution provider can keep on its device.
 */

import type { ModelShape } from '../manifest.ts';
import { TOP_IDS } from '../manifest.ts';
import type { StoredTensor } from '../weights/storedTensor.ts';
import type { LayerPlan, MatrixPlan, WeightPlan } from '../weights/weightPlan.ts';
import type { Value } from './graphBuilder.ts';
import { GraphBuilder, NONE } from './graphBuilder.ts';
import type { OnnxModel } from './onnxSchema.ts';

const MICROSOFT = { domain: 'com.microsoft' } as const;

interface GraphInputs {
  readonly inputIds: Value;
  readonly positions: Value;
  readonly lastRowIndex: Value;
  readonly totalRows: Value;
  readonly attentionBias: Value;
  readonly scoredRows: Value;
  readonly wantedIds: Value;
  readonly pastKeys: readonly Value[];
  readonly pastValues: readonly Value[];
}

/** Rotated keys and plain values of the new rows, `(1, T, keyValueHeads·headSize)`, and the whole updated cache. */
interface LayerCache {
  readonly newKeys: Value;
  readonly newValues: Value;
  readonly presentKeys: Value;
  readonly presentValues: Value;
}

/** Describes the network over stored weights; `tensors` has the plan's matrices and vectors and both rotary tables. */
export function decoderGraph(
  shape: ModelShape,
  plan: WeightPlan,
  tensors: ReadonlyMap<string, StoredTensor>,
): OnnxModel {
  const graph = new GraphBuilder(tensors);
  const inputs = declareInputs(graph, shape);

  let residual = embed(graph, plan.embedding, inputs.inputIds);
  let update: Value | undefined;
  const caches: LayerCache[] = [];
  for (const [layer, layerPlan] of plan.layers.entries()) {
    const attentionInput = normalize(graph, shape, layerPlan.attentionNorm, residual, update);
    const { output, cache } = attention(graph, shape, layer, layerPlan, attentionInput.normalized, inputs);
    caches.push(cache);
    const feedForwardInput = normalize(graph, shape, layerPlan.feedForwardNorm, attentionInput.sum, output);
    update = feedForward(graph, shape, layerPlan, feedForwardInput.normalized);
    residual = feedForwardInput.sum;
  }
  const hidden = normalize(graph, shape, plan.finalNorm, residual, update, 'hidden').normalized;

  const scored = graph.node('Gather', 'scored', [hidden, inputs.scoredRows], { attributes: { axis: 1 } });
  const logits = linear(graph, plan.head, scored, 'logits');
  declareStatistics(graph, shape, logits, inputs.wantedIds);
  graph.output(hidden, 'float32', [1, 'rows', shape.hidden]);
  declareCache(graph, shape, caches);
  graph.output(logits, 'float32', [1, 'scored_rows', shape.vocabulary]);
  for (const { presentKeys, presentValues } of caches) {
    graph.output(presentKeys, 'float32', cacheDimensions(shape, 'present_rows'));
    graph.output(presentValues, 'float32', cacheDimensions(shape, 'present_rows'));
  }
  return graph.build('decoder');
}

function declareInputs(graph: GraphBuilder, shape: ModelShape): GraphInputs {
  const past = (layer: number, what: 'key' | 'value') =>
    graph.input(`past_key_values.${layer}.${what}`, 'float32', cacheDimensions(shape, 'cache_rows'));
  const layers = Array.from({ length: shape.layers }, (_, layer) => layer);
  const inputs = {
    inputIds: graph.input('input_ids', 'int64', [1, 'rows']),
    positions: graph.input('position_ids', 'int64', [1, 'rows']),
    lastRowIndex: graph.input('seqlens_k', 'int32', [1]),
    totalRows: graph.input('total_sequence_length', 'int32', []),
    attentionBias: graph.input('attention_bias', 'float32', [1, 1, 'rows', 'total_rows']),
    scoredRows: graph.input('logit_rows', 'int64', ['scored_rows']),
    wantedIds: graph.input('want_ids', 'int64', [1, 'scored_rows', 'wanted']),
  };
  const pairs = layers.map((layer) => [past(layer, 'key'), past(layer, 'value')] as const);
  return { ...inputs, pastKeys: pairs.map(([key]) => key), pastValues: pairs.map(([, value]) => value) };
}

function cacheDimensions(shape: ModelShape, rows: string): readonly (number | string)[] {
  return [1, shape.keyValueHeads, rows, shape.headSize];
}

/** Ids to rows of the embedding table: `(1, T, hidden)`. The head's codes are read through a second, flat shape. */
function embed(graph: GraphBuilder, plan: MatrixPlan, inputIds: Value): Value {
  const { format, name, outputs, inputs } = plan;
  if (format === 'float32') {
    return graph.node('Gather', 'embedded', [graph.weight(`${name}.weight`), inputIds], { attributes: { axis: 0 } });
  }
  const paddedInputs = Math.ceil(inputs / format.blockSize) * format.blockSize;
  const codes = graph.weight(`${name}.codes`, [outputs, (paddedInputs * format.bits) / 8]);
  const isPadded = paddedInputs !== inputs;
  const rows = graph.node(
    'GatherBlockQuantized',
    isPadded ? 'embedded/padded' : 'embedded',
    [codes, inputIds, graph.halfWeight(`${name}.scales`)],
    {
      ...MICROSOFT,
      attributes: { gather_axis: 0, quantize_axis: 1, block_size: format.blockSize, bits: format.bits },
    },
  );
  if (!isPadded) {
    return rows;
  }
  const bounds = [graph.integers('embedded/start', [0]), graph.integers('embedded/end', [inputs])];
  return graph.node('Slice', 'embedded', [rows, ...bounds, graph.integers('embedded/axis', [2])]);
}

/** RMS norm of `residual + update`, and that sum, which goes on as the residual stream. */
function normalize(
  graph: GraphBuilder,
  shape: ModelShape,
  gainName: string,
  residual: Value,
  update: Value | undefined,
  outputName = `${gainName}/output`,
): { readonly normalized: Value; readonly sum: Value } {
  const gain = graph.weight(gainName);
  const attributes = { epsilon: { float: shape.normEpsilon } };
  if (update === undefined) {
    const normalized = graph.node('SimplifiedLayerNormalization', outputName, [residual, gain], {
      attributes,
    });
    return { normalized, sum: residual };
  }
  const outputs = graph.nodes(
    'SkipSimplifiedLayerNormalization',
    outputName,
    [update, residual, gain],
    [outputName, '', '', `${gainName}/sum`],
    { ...MICROSOFT, attributes },
  );
  return { normalized: outputs[0]!, sum: outputs[3]! };
}

/**
 * Grouped-query attention. Keys are rotated outside `GroupQueryAttention`, which can do it too, because the rotated new
 * rows are an output of the graph.
 */
function attention(
  graph: GraphBuilder,
  shape: ModelShape,
  layer: number,
  plan: LayerPlan,
  input: Value,
  inputs: GraphInputs,
): { readonly output: Value; readonly cache: LayerCache } {
  const prefix = `layers.${layer}.attention`;
  const queries = shape.heads * shape.headSize;
  const keys = shape.keyValueHeads * shape.headSize;
  const sizes = graph.integers('queryKeyValueSizes', [queries, keys, keys]);
  const [query, key, value] = graph.nodes(
    'Split',
    `${prefix}/split`,
    [linear(graph, plan.queryKeyValue, input), sizes],
    [`${prefix}/query`, `${prefix}/key`, `${prefix}/value`],
    { attributes: { axis: 2 } },
  ) as readonly [Value, Value, Value];
  const rotate = (name: string, rows: Value) =>
    graph.node(
      'RotaryEmbedding',
      `${prefix}/${name}`,
      [rows, inputs.positions, graph.weight('rotary.cosines'), graph.weight('rotary.sines')],
      { ...MICROSOFT, attributes: { interleaved: 0 } },
    );
  const newKeys = rotate('rotatedKey', key);
  const [attended, presentKeys, presentValues] = graph.nodes(
    'GroupQueryAttention',
    `${prefix}/attended`,
    [
      rotate('rotatedQuery', query),
      newKeys,
      value,
      inputs.pastKeys[layer]!,
      inputs.pastValues[layer]!,
      inputs.lastRowIndex,
      inputs.totalRows,
      NONE,
      NONE,
      NONE,
      inputs.attentionBias,
    ],
    [`${prefix}/attended`, `present.${layer}.key`, `present.${layer}.value`],
    { ...MICROSOFT, attributes: { num_heads: shape.heads, kv_num_heads: shape.keyValueHeads, do_rotary: 0 } },
  ) as readonly [Value, Value, Value];
  return {
    output: linear(graph, plan.attentionOutput, attended),
    cache: { newKeys, newValues: value, presentKeys, presentValues },
  };
}

/** down(silu(gate(x)) · up(x)); `QuickGelu` with alpha 1 is silu, in one pass. */
function feedForward(graph: GraphBuilder, shape: ModelShape, plan: LayerPlan, input: Value): Value {
  const { name } = plan.gateUp;
  const sizes = graph.integers('gateUpSizes', [shape.feedForward, shape.feedForward]);
  const [gate, up] = graph.nodes(
    'Split',
    `${name}/split`,
    [linear(graph, plan.gateUp, input), sizes],
    [`${name}/gate`, `${name}/up`],
    { attributes: { axis: 2 } },
  ) as readonly [Value, Value];
  const activated = graph.node('QuickGelu', `${name}/activated`, [gate], {
    ...MICROSOFT,
    attributes: { alpha: { float: 1 } },
  });
  return linear(graph, plan.down, graph.node('Mul', `${name}/product`, [activated, up]));
}

/** x·Wᵀ + bias. */
function linear(graph: GraphBuilder, plan: MatrixPlan, input: Value, outputName = `${plan.name}/output`): Value {
  const { name, format, inputs, outputs, hasBias } = plan;
  if (format === 'float32') {
    // Folded once at load. Storing the transposed matrix instead would need a second copy for the embedding.
    const transposed = graph.node('Transpose', `${name}/transposed`, [graph.weight(`${name}.weight`)]);
    if (!hasBias) {
      return graph.node('MatMul', outputName, [input, transposed]);
    }
    const product = graph.node('MatMul', `${name}/product`, [input, transposed]);
    return graph.node('Add', outputName, [product, graph.weight(`${name}.bias`)]);
  }
  const zeroPoints = format.hasZeroPoints ? graph.weight(`${name}.zeroPoints`) : NONE;
  const operands = [input, graph.weight(`${name}.codes`), graph.halfWeight(`${name}.scales`)];
  if (format.hasZeroPoints || hasBias) {
    operands.push(zeroPoints);
  }
  if (hasBias) {
    operands.push(NONE, graph.weight(`${name}.bias`));
  }
  return graph.node('MatMulNBits', outputName, operands, {
    ...MICROSOFT,
    // Accuracy level 4 rounds activations to 8 bits; levels 0 and 1 dequantise the weights at every run, 30 times slower.
    attributes: { K: inputs, N: outputs, bits: format.bits, block_size: format.blockSize, accuracy_level: 4 },
  });
}

/**
 * Best ids, log-sum-exp, entropy and the logits of given ids, per scored row.
 *
 * With p = softmax(logits) and m the largest logit: lse = m − ln p(m), entropy = lse − Σ p·logit.
 */
function declareStatistics(graph: GraphBuilder, shape: ModelShape, logits: Value, wantedIds: Value): void {
  const count = Math.min(TOP_IDS, shape.vocabulary);
  const last = graph.integers('lastAxis', [-1]);
  const [topLogits, topIds] = graph.nodes(
    'TopK',
    'top',
    [logits, graph.integers('topCount', [count])],
    ['top_logits', 'top_ids'],
    { attributes: { axis: -1, largest: 1, sorted: 1 } },
  ) as readonly [Value, Value];
  const reduce = { attributes: { keepdims: 0 } };
  const probabilities = graph.node('Softmax', 'probabilities', [logits], { attributes: { axis: -1 } });
  const bestProbability = graph.node('ReduceMax', 'bestProbability', [probabilities, last], reduce);
  const bestLogit = graph.node('ReduceMax', 'bestLogit', [topLogits, last], reduce);
  const logBest = graph.node('Log', 'bestLogProbability', [bestProbability]);
  const logSumExp = graph.node('Sub', 'lse', [bestLogit, logBest]);
  const weighted = graph.node('Mul', 'weightedLogits', [probabilities, logits]);
  const mean = graph.node('ReduceSum', 'meanLogit', [weighted, last], reduce);
  const entropy = graph.node('Sub', 'entropy', [logSumExp, mean]);
  const wanted = graph.node('GatherElements', 'want_logits', [logits, wantedIds], { attributes: { axis: 2 } });

  graph.output(topIds, 'int64', [1, 'scored_rows', count]);
  graph.output(topLogits, 'float32', [1, 'scored_rows', count]);
  graph.output(logSumExp, 'float32', [1, 'scored_rows']);
  graph.output(entropy, 'float32', [1, 'scored_rows']);
  graph.output(wanted, 'float32', [1, 'scored_rows', 'wanted']);
}

/** `(2·layers, T, keyValueHeads·headSize)`: keys of layer 0, values of layer 0, keys of layer 1, … */
function declareCache(graph: GraphBuilder, shape: ModelShape, caches: readonly LayerCache[]): void {
  const rows = caches.flatMap(({ newKeys, newValues }) => [newKeys, newValues]);
  const newRows = graph.node('Concat', 'new_rows', rows, { attributes: { axis: 0 } });
  graph.output(newRows, 'float32', [2 * shape.layers, 'rows', shape.keyValueHeads * shape.headSize]);
}
