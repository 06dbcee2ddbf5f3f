/** The layers that the decoder and the draft heads are made of, over stored weights. Formulas: docs of each function. */

import type { ModelShape } from '../manifest.ts';
import type { MatrixPlan } from '../weights/weightPlan.ts';
import type { GraphBuilder, Value } from './graphBuilder.ts';
import { NONE } from './graphBuilder.ts';
import { DATA_TYPES } from './onnxSchema.ts';

export const MICROSOFT = { domain: 'com.microsoft' } as const;

export interface AttentionInputs {
  /** int64 `(1, T)` */
  readonly positions: Value;
  /** int32 `(1)`: rows in the cache and of this forward, less one. */
  readonly lastRowIndex: Value;
  /** int32, the same without the subtraction. */
  readonly totalRows: Value;
  /** `(1, 1, T, total rows)`, or `NONE`. */
  readonly attentionBias: Value;
  /** `(1, key-value heads, cache rows, head size)` */
  readonly pastKeys: Value;
  readonly pastValues: Value;
}

export interface AttentionNames {
  /** Of the nodes. */
  readonly prefix: string;
  /** Of the updated cache. */
  readonly presentKeys: string;
  readonly presentValues: string;
}

/** `newKeys` (rotated) and `newValues` of the new rows, `(1, T, keyValueHeads·headSize)`, and the whole updated cache. */
export interface Attention {
  /** `(1, T, heads·headSize)` */
  readonly attended: Value;
  readonly newKeys: Value;
  readonly newValues: Value;
  readonly presentKeys: Value;
  readonly presentValues: Value;
}

/** Ids to rows of the embedding table: `(1, T, hidden)`. Blocks of the head are read through a second, flat shape. */
export function embed(graph: GraphBuilder, plan: MatrixPlan, inputIds: Value): Value {
  const { format, name, outputs, inputs } = plan;
  if (format === 'float32') {
    return graph.node('Gather', 'embedded', [graph.weight(`${name}.weight`), inputIds], { attributes: { axis: 0 } });
  }
  if (format.kind === 'integers') {
    if (format.groups > 1) {
      throw new Error('a table of ids has no groups of inputs');
    }
    return embedColumns(graph, plan, inputIds);
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

/** `embed` for a table stored by columns, `(hidden, ids)`, since it is the head too: a gather of single bytes, some 50 µs an id. */
function embedColumns(graph: GraphBuilder, { name }: MatrixPlan, inputIds: Value): Value {
  const [first, last] = [graph.integers('firstAxis', [0]), graph.integers('lastAxis', [-1])];
  const ids = graph.node('Squeeze', 'embedded/ids', [inputIds, first]);
  const alongColumns = { attributes: { axis: 1 } };
  const columns = graph.node('Gather', 'embedded/columns', [graph.weight(`${name}.0.codes`), ids], alongColumns);
  const codes = graph.node('Transpose', 'embedded/codes', [columns]);
  const values = graph.node('Cast', 'embedded/values', [codes], { attributes: { to: DATA_TYPES.float32 } });
  const scales = graph.node('Gather', 'embedded/scales', [graph.weight(`${name}.0.scales`), ids]);
  const scaled = graph.node('Mul', 'embedded/rows', [
    values,
    graph.node('Unsqueeze', 'embedded/scale', [scales, last]),
  ]);
  return graph.node('Unsqueeze', 'embedded', [scaled, first]);
}

/** RMS norm of `residual + update`, and that sum, which goes on as the residual stream. */
export function normalize(
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
 * rows are an output of the graph. With a window, a row attends to that many rows, itself included.
 */
export function attend(
  graph: GraphBuilder,
  shape: ModelShape,
  queryKeyValue: MatrixPlan,
  input: Value,
  inputs: AttentionInputs,
  names: AttentionNames,
  window?: number,
): Attention {
  const { prefix } = names;
  const queries = shape.heads * shape.headSize;
  const keys = shape.keyValueHeads * shape.headSize;
  const sizes = graph.integers('queryKeyValueSizes', [queries, keys, keys]);
  const [query, key, value] = graph.nodes(
    'Split',
    `${prefix}/split`,
    [linear(graph, queryKeyValue, input), sizes],
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
  const operands = [
    rotate('rotatedQuery', query),
    newKeys,
    value,
    inputs.pastKeys,
    inputs.pastValues,
    inputs.lastRowIndex,
    inputs.totalRows,
  ];
  if (inputs.attentionBias !== NONE) {
    operands.push(NONE, NONE, NONE, inputs.attentionBias);
  }
  const [attended, presentKeys, presentValues] = graph.nodes(
    'GroupQueryAttention',
    `${prefix}/attended`,
    operands,
    [`${prefix}/attended`, names.presentKeys, names.presentValues],
    {
      ...MICROSOFT,
      attributes: {
        num_heads: shape.heads,
        kv_num_heads: shape.keyValueHeads,
        do_rotary: 0,
        ...(window === undefined ? {} : { local_window_size: window }),
      },
    },
  ) as readonly [Value, Value, Value];
  return { attended, newKeys, newValues: value, presentKeys, presentValues };
}

/** down(silu(gate(x)) · up(x)); the rows of `gateUp` are the gate's, then the other's. */
export function feedForward(
  graph: GraphBuilder,
  plan: { readonly gateUp: MatrixPlan; readonly down: MatrixPlan },
  input: Value,
): Value {
  const { name, outputs } = plan.gateUp;
  const sizes = graph.integers('gateUpSizes', [outputs / 2, outputs / 2]);
  const [gate, up] = graph.nodes(
    'Split',
    `${name}/split`,
    [linear(graph, plan.gateUp, input), sizes],
    [`${name}/gate`, `${name}/up`],
    { attributes: { axis: 2 } },
  ) as readonly [Value, Value];
  const activated = silu(graph, `${name}/activated`, gate);
  return linear(graph, plan.down, graph.node('Mul', `${name}/product`, [activated, up]));
}

/** x · sigmoid(x): `QuickGelu` with alpha 1, in one pass. */
export function silu(graph: GraphBuilder, name: string, input: Value): Value {
  return graph.node('QuickGelu', name, [input], { ...MICROSOFT, attributes: { alpha: { float: 1 } } });
}

/** x·Wᵀ + bias. */
export function linear(graph: GraphBuilder, plan: MatrixPlan, input: Value, outputName = `${plan.name}/output`): Value {
  const { name, format, inputs, outputs, hasBias } = plan;
  if (format === 'float32') {
    const transposed = graph.transposedWeight(`${name}.weight`, `${name}/transposed`);
    if (!hasBias) {
      return graph.node('MatMul', outputName, [input, transposed]);
    }
    const product = graph.node('MatMul', `${name}/product`, [input, transposed]);
    return graph.node('Add', outputName, [product, graph.weight(`${name}.bias`)]);
  }
  if (format.kind === 'integers') {
    return integerLinear(graph, plan, format.groups, input, outputName);
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
    // Accuracy level 4 rounds activations to 8 bits where there is a kernel for it; levels 0 and 1 dequantise the weights at
    // every run, 30 times slower.
    attributes: { K: inputs, N: outputs, bits: format.bits, block_size: format.blockSize, accuracy_level: 4 },
  });
}

/**
 * x·Wᵀ + bias in whole numbers. With m the largest |x| of a row, the row goes in as round(127 · x / m) + 128 in unsigned 8 bits, so
 * that what comes out depends on no other row: W's scales · 1/127 · m times the integer product. With groups of inputs, each has
 * an m of its own, and their products are added.
 *
 * `DynamicQuantizeMatMul` would take one scale for all rows, and a token's logits would depend on what is verified beside it.
 */
function integerLinear(
  graph: GraphBuilder,
  { name, inputs, outputs, hasBias }: MatrixPlan,
  groups: number,
  input: Value,
  outputName: string,
): Value {
  const last = graph.integers('lastAxis', [-1]);
  const step = graph.scalar('activationStep', 'float32', 1 / 127);
  const middle = graph.scalar('activationMiddle', 'uint8', 128);
  const isWhole = groups === 1;
  // 0 keeps a size and its name: with sizes that nothing else has, the runtime's memory planner is quadratic, 1.2 s of a load.
  const rows = isWhole
    ? input
    : graph.node('Reshape', `${outputName}/grouped`, [
        input,
        graph.integers(`${name}/groups`, [0, 0, groups, inputs / groups]),
      ]);
  const sizes = graph.node('Abs', `${outputName}/sizes`, [rows]);
  const largest = graph.node('ReduceMax', `${outputName}/largest`, [sizes, last], { attributes: { keepdims: 1 } });
  // A row of zeros would be 0/0.
  const scale = graph.node('Max', `${outputName}/scale`, [largest, graph.scalar('smallestScale', 'float32', 1e-20)]);
  const scaled = graph.node('Div', `${outputName}/scaled`, [rows, scale]);
  const codes = graph.node('QuantizeLinear', `${outputName}/codes`, [scaled, step, middle]);
  const parts = Array.from({ length: groups }, (_, group) => `${outputName}.${group}`);
  const apart = (value: Value, what: string): readonly Value[] =>
    isWhole
      ? [value]
      : graph.nodes(
          'Split',
          `${outputName}/${what}Apart`,
          [value],
          parts.map((part) => `${part}/${what}`),
          {
            attributes: { axis: 2, num_outputs: groups },
          },
        );
  const [groupCodes, groupScales] = [apart(codes, 'codes'), apart(scale, 'scale')];
  const products = parts.map((part, group) => {
    const [weightCodes, weightScales] = [
      graph.weight(`${name}.${group}.codes`),
      graph.weight(`${name}.${group}.scales`),
    ];
    const operands = [groupCodes[group]!, weightCodes, step, weightScales, middle];
    const product = graph.node('MatMulIntegerToFloat', `${part}/integerProduct`, operands, MICROSOFT);
    return graph.node('Mul', isWhole && !hasBias ? outputName : `${part}/product`, [product, groupScales[group]!]);
  });
  const sum = isWhole
    ? products[0]!
    : graph.node('Reshape', hasBias ? `${outputName}/ungrouped` : outputName, [
        graph.node('Sum', `${outputName}/sum`, products),
        graph.integers(`${name}/rows`, [0, 0, outputs]),
      ]);
  return hasBias ? graph.node('Add', outputName, [sum, graph.weight(`${name}.bias`)]) : sum;
}
