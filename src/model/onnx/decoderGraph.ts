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
import type { WeightPlan } from '../weights/weightPlan.ts';
import type { Value } from './graphBuilder.ts';
import { GraphBuilder } from './graphBuilder.ts';
import type { Attention, AttentionInputs } from './layers.ts';
import { attend, embed, feedForward, linear, normalize } from './layers.ts';
import type { OnnxModel } from './onnxSchema.ts';

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
  const attentions: Attention[] = [];
  for (const [layer, layerPlan] of plan.layers.entries()) {
    const attentionInput = normalize(graph, shape, layerPlan.attentionNorm, residual, update);
    const attention = attend(
      graph,
      shape,
      layerPlan.queryKeyValue,
      attentionInput.normalized,
      layerInputs(inputs, layer),
      {
        prefix: `layers.${layer}.attention`,
        presentKeys: `present.${layer}.key`,
        presentValues: `present.${layer}.value`,
      },
    );
    attentions.push(attention);
    const attended = linear(graph, layerPlan.attentionOutput, attention.attended);
    const feedForwardInput = normalize(graph, shape, layerPlan.feedForwardNorm, attentionInput.sum, attended);
    update = feedForward(graph, layerPlan, feedForwardInput.normalized);
    residual = feedForwardInput.sum;
  }
  const hidden = normalize(graph, shape, plan.finalNorm, residual, update, 'hidden').normalized;

  const scored = graph.node('Gather', 'scored', [hidden, inputs.scoredRows], { attributes: { axis: 1 } });
  const logits = linear(graph, plan.head, scored, 'logits');
  declareStatistics(graph, shape, logits, inputs.wantedIds);
  graph.output(hidden, 'float32', [1, 'rows', shape.hidden]);
  declareCache(graph, shape, attentions);
  graph.output(logits, 'float32', [1, 'scored_rows', shape.vocabulary]);
  for (const { presentKeys, presentValues } of attentions) {
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

function layerInputs({ pastKeys, pastValues, ...inputs }: GraphInputs, layer: number): AttentionInputs {
  return { ...inputs, pastKeys: pastKeys[layer]!, pastValues: pastValues[layer]! };
}

function cacheDimensions(shape: ModelShape, rows: string): readonly (number | string)[] {
  return [1, shape.keyValueHeads, rows, shape.headSize];
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
function declareCache(graph: GraphBuilder, shape: ModelShape, attentions: readonly Attention[]): void {
  const rows = attentions.flatMap(({ newKeys, newValues }) => [newKeys, newValues]);
  const newRows = graph.node('Concat', 'new_rows', rows, { attributes: { axis: 0 } });
  graph.output(newRows, 'float32', [2 * shape.layers, 'rows', shape.keyValueHeads * shape.headSize]);
}
