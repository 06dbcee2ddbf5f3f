/**
 * Draft heads as ONNX graphs, over the final hidden states of the target model. H = hidden size, D = draft vocabulary,
 * C = guesses per place. Formulas of the heads: `heads/headTensors.ts`.
 */

import type { DraftPlan, MedusaPlan, MtpPlan } from '../heads/headPlans.ts';
import type { ModelShape } from '../manifest.ts';
import { HEAD_GUESSES } from '../manifest.ts';
import type { StoredTensor } from '../weights/storedTensor.ts';
import type { Value } from './graphBuilder.ts';
import { GraphBuilder, NONE } from './graphBuilder.ts';
import { attend, embed, feedForward, linear, normalize, silu } from './layers.ts';
import type { OnnxModel } from './onnxSchema.ts';
import { DATA_TYPES } from './onnxSchema.ts';

/**
 * All heads in one run. Inputs: `hidden` float32 (1, H), `last_token` int64 (1). Outputs per head, best first: `ids` int64
 * (depth, C) in the full vocabulary, `probabilities` float32 (depth, C) over the draft vocabulary.
 *
 * z = h·Sᵀ + silu(h·Wᵀ + b) per head (arXiv 2401.10774 §2.1 with a linear map in place of the identity), the depth's rows
 * then go through the draft head at once, so that it is read once.
 */
export function medusaGraph(
  shape: ModelShape,
  plan: MedusaPlan,
  tensors: ReadonlyMap<string, StoredTensor>,
): OnnxModel {
  const graph = new GraphBuilder(tensors);
  const hidden = graph.input('hidden', 'float32', [1, shape.hidden]);
  const lastToken = graph.input('last_token', 'int64', [1]);
  const width = plan.depth * shape.hidden;
  const row = graph.node('Unsqueeze', 'row', [hidden, graph.integers('firstAxis', [0])]);
  const [skip, gate] = graph.nodes(
    'Split',
    'split',
    [linear(graph, plan.mixer, row), graph.integers('splitSizes', [width, width])],
    ['skip', 'gate'],
    { attributes: { axis: 2 } },
  ) as readonly [Value, Value];
  const mixed = graph.node('Add', 'mixed', [skip, silu(graph, 'activated', gate)]);
  const rows = graph.node('Reshape', 'rows', [mixed, graph.integers('rowSizes', [1, plan.depth, shape.hidden])]);
  const rowLogits = linear(graph, plan.draftHead, rows, 'rowLogits');
  const logits = graph.node('Squeeze', 'headLogits', [rowLogits, graph.integers('firstAxis', [0])]);
  declareGuesses(graph, plan, biased(graph, plan, logits, lastToken), [plan.depth]);
  return graph.build('medusa heads');
}

/**
 * Adds out · in[previous] to each row's logits, where previous is the last token and then the best token of the row before.
 * A last token outside the draft vocabulary adds nothing.
 */
function biased(graph: GraphBuilder, plan: MedusaPlan, logits: Value, lastToken: Value): Value {
  if (plan.previousToken === undefined) {
    return logits;
  }
  const { into, out } = plan.previousToken;
  const toFloat = { attributes: { to: DATA_TYPES.float32 } };
  const isLast = graph.node('Equal', 'isLastToken', [graph.weight(plan.vocabulary), lastToken]);
  const match = graph.node('Cast', 'lastTokenMatch', [isLast], toFloat);
  const isKnown = graph.node('ReduceMax', 'lastTokenIsKnown', [match, graph.integers('firstAxis', [0])]);
  let previous = graph.node('ArgMax', 'lastTokenIndex', [match], { attributes: { axis: 0 } });
  const heads = Array.from({ length: plan.depth }, (_, head) => head);
  const sizes = graph.integers('headSizes', Array<number>(plan.depth).fill(1));
  const parts = graph.nodes(
    'Split',
    'headParts',
    [logits, sizes],
    heads.map((head) => `${head}.part`),
    { attributes: { axis: 0 } },
  );
  const sums = heads.map((head) => {
    const halves = graph.node('Gather', `${head}.previousHalves`, [graph.weight(into), previous]);
    let row = graph.node('Cast', `${head}.previousRow`, [halves], toFloat);
    if (head === 0) {
      row = graph.node('Mul', `${head}.knownRow`, [row, isKnown]);
    }
    const bias = linear(graph, out, row, `${head}.bias`);
    const sum = graph.node('Add', `${head}.logits`, [parts[head]!, bias]);
    if (head < plan.depth - 1) {
      previous = graph.node('ArgMax', `${head}.best`, [sum], { attributes: { axis: 1, keepdims: 0 } });
    }
    return sum;
  });
  return graph.node('Concat', 'logits', sums, { attributes: { axis: 0 } });
}

/**
 * One step of the block: new rows in, guesses for the last of them out. Inputs: `hidden` float32 (1, T, H), `next_ids` and
 * `position_ids` int64 (1, T), the window's cache `past_key` and `past_value` float32 (1, key-value heads, cache rows, head
 * size), and the lengths as in the decoder's graph. Outputs: `state` float32 (1, 1, H), `ids` int64 (C), `probabilities`
 * float32 (C), `new_rows` float32 (2, T, key-value heads · head size): rotated keys, then values.
 *
 * Only the last row goes on from the attention: what earlier rows would give is not wanted.
 */
export function mtpGraph(shape: ModelShape, plan: MtpPlan, tensors: ReadonlyMap<string, StoredTensor>): OnnxModel {
  const graph = new GraphBuilder(tensors);
  const rowSize = shape.keyValueHeads * shape.headSize;
  const cacheDimensions = [1, shape.keyValueHeads, 'cache_rows', shape.headSize];
  const hidden = graph.input('hidden', 'float32', [1, 'rows', shape.hidden]);
  const nextIds = graph.input('next_ids', 'int64', [1, 'rows']);
  const inputs = {
    positions: graph.input('position_ids', 'int64', [1, 'rows']),
    lastRowIndex: graph.input('seqlens_k', 'int32', [1]),
    totalRows: graph.input('total_sequence_length', 'int32', []),
    attentionBias: NONE,
    pastKeys: graph.input('past_key', 'float32', cacheDimensions),
    pastValues: graph.input('past_value', 'float32', cacheDimensions),
  };

  const embedded = embed(graph, plan.embedding, nextIds);
  const halves = [
    normalize(graph, shape, plan.hiddenNorm, hidden, undefined).normalized,
    normalize(graph, shape, plan.embeddingNorm, embedded, undefined).normalized,
  ];
  const joined = graph.node('Concat', 'joined', halves, { attributes: { axis: 2 } });
  const rows = linear(graph, plan.projection, joined);
  const attentionInput = normalize(graph, shape, plan.attentionNorm, rows, undefined).normalized;
  const names = { prefix: 'attention', presentKeys: 'present_key', presentValues: 'present_value' };
  const attention = attend(graph, shape, plan.queryKeyValue, attentionInput, inputs, names, plan.window);

  const last = graph.integers('lastRow', [-1]);
  const lastRow = (name: string, value: Value) =>
    graph.node('Gather', name, [value, last], { attributes: { axis: 1 } });
  const attended = linear(graph, plan.attentionOutput, lastRow('attendedLast', attention.attended));
  const middle = normalize(graph, shape, plan.feedForwardNorm, lastRow('residualLast', rows), attended);
  const update = feedForward(graph, plan, middle.normalized);
  const state = normalize(graph, shape, plan.outputNorm, middle.sum, update, 'state').normalized;

  const logits = linear(graph, plan.draftHead, state);
  const flat = graph.node('Reshape', 'logits', [logits, graph.integers('flat', [-1])]);
  graph.output(state, 'float32', [1, 1, shape.hidden]);
  declareGuesses(graph, plan, flat, []);
  const newRows = graph.node('Concat', 'new_rows', [attention.newKeys, attention.newValues], {
    attributes: { axis: 0 },
  });
  graph.output(newRows, 'float32', [2, 'rows', rowSize]);
  return graph.build('multi-token prediction block');
}

/** Best ids of the full vocabulary and their probabilities for logits of shape `(...rows, D)`. */
function declareGuesses(graph: GraphBuilder, plan: DraftPlan, logits: Value, rows: readonly number[]): void {
  const lastAxis = { attributes: { axis: -1 } };
  const [, indices] = graph.nodes(
    'TopK',
    'best',
    [logits, graph.integers('guessCount', [HEAD_GUESSES])],
    ['bestLogits', 'bestIndices'],
    { attributes: { axis: -1, largest: 1, sorted: 1 } },
  ) as readonly [Value, Value];
  const ids = graph.node('Gather', 'ids', [graph.weight(plan.vocabulary), indices]);
  const all = graph.node('Softmax', 'allProbabilities', [logits], lastAxis);
  const probabilities = graph.node('GatherElements', 'probabilities', [all, indices], lastAxis);
  graph.output(ids, 'int64', [...rows, HEAD_GUESSES]);
  graph.output(probabilities, 'float32', [...rows, HEAD_GUESSES]);
}
