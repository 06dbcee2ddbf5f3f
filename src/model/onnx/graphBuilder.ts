import type { StoredTensor, TensorType } from '../weights/storedTensor.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from './onnxSchema.ts';
import { ATTRIBUTE_TYPES, DATA_TYPES, EXTERNAL_LOCATION } from './onnxSchema.ts';

/** A tensor inside the graph. Only the builder makes them, so an edge cannot name something that does not exist. */
export type Value = { readonly name: string };

/** The absent optional input. */
export const NONE: Value = { name: '' };

export type Dimension = number | string;

export interface NodeOptions {
  /** Whole numbers become integer attributes; write `{ float: 1 }` for a float attribute. */
  readonly attributes?: Readonly<Record<string, number | { readonly float: number }>>;
  readonly domain?: 'com.microsoft';
}

/** Collects the nodes of one graph in the order they are written down, which is their execution order. */
export class GraphBuilder {
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxTensor>();
  readonly #inputs: OnnxValueInfo[] = [];
  readonly #outputs: OnnxValueInfo[] = [];
  /** Nodes on weights alone, by node name: each is in the graph once. */
  readonly #derived = new Map<string, Value>();

  /** `tensors` are the stored weights; only those that the graph uses end up in it. */
  constructor(tensors: ReadonlyMap<string, StoredTensor>) {
    this.#tensors = tensors;
  }

  input(name: string, type: TensorType, dimensions: readonly Dimension[]): Value {
    this.#inputs.push(valueInfo(name, type, dimensions));
    return { name };
  }

  /** Gives a value its public name. The node that made it must have been named so with `named`. */
  output(value: Value, type: TensorType, dimensions: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(value.name, type, dimensions));
  }

  /** A stored weight; `dimensions` may reshape it, and several shapes of one weight share its bytes in the file. */
  weight(name: string, dimensions?: readonly number[]): Value {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw new Error(`the graph uses the weight "${name}", which was not stored`);
    }
    const shape = dimensions ?? tensor.dimensions;
    const isReshaped = shape.join() !== tensor.dimensions.join();
    const initializerName = isReshaped ? `${name}.${shape.join('x')}` : name;
    this.#initializers.set(initializerName, onnxTensor({ ...tensor, name: initializerName, dimensions: shape }));
    return { name: initializerName };
  }

  /** A weight stored in half precision, as float32. The cast is folded when the graph is loaded, so kernels see float32. */
  halfWeight(name: string): Value {
    return this.#derive('Cast', `${name}/float32`, name, { attributes: { to: DATA_TYPES.float32 } });
  }

  /**
   * A stored matrix, transposed. Folded once at load; storing it that way instead would need a second copy where a table is
   * embedding and head.
   */
  transposedWeight(name: string, nodeName: string): Value {
    return this.#derive('Transpose', nodeName, name);
  }

  integers(name: string, values: readonly number[]): Value {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    const tensor: StoredTensor = { name, type: 'int64', dimensions: [values.length], data: { kind: 'inline', bytes } };
    this.#initializers.set(name, onnxTensor(tensor));
    return { name };
  }

  scalar(name: string, type: 'float32' | 'uint8', value: number): Value {
    const bytes = type === 'uint8' ? Uint8Array.of(value) : new Uint8Array(Float32Array.of(value).buffer);
    this.#initializers.set(name, onnxTensor({ name, type, dimensions: [], data: { kind: 'inline', bytes } }));
    return { name };
  }

  #derive(operator: string, nodeName: string, weight: string, options: NodeOptions = {}): Value {
    const known = this.#derived.get(nodeName);
    if (known !== undefined) {
      return known;
    }
    const derived = this.node(operator, nodeName, [this.weight(weight)], options);
    this.#derived.set(nodeName, derived);
    return derived;
  }

  /** Adds a node with one output, named like the node. */
  node(operator: string, name: string, inputs: readonly Value[], options: NodeOptions = {}): Value {
    return this.nodes(operator, name, inputs, [name], options)[0]!;
  }

  /** Adds a node with several outputs; an empty output name leaves that output out. */
  nodes(
    operator: string,
    name: string,
    inputs: readonly Value[],
    outputs: readonly string[],
    options: NodeOptions = {},
  ): readonly Value[] {
    this.#nodes.push({
      name,
      opType: operator,
      domain: options.domain ?? '',
      input: inputs.map((input) => input.name),
      output: outputs,
      attribute: Object.entries(options.attributes ?? {}).map(([key, value]) => onnxAttribute(key, value)),
    });
    return outputs.map((output) => ({ name: output }));
  }

  build(name: string): OnnxModel {
    return {
      // IR 10 belongs to opset 21; newer ones are refused by older runtimes without need.
      irVersion: 10,
      producerName: 'foretoken',
      opsetImport: [
        { domain: '', version: 21 },
        { domain: 'com.microsoft', version: 1 },
      ],
      graph: {
        name,
        node: this.#nodes,
        initializer: [...this.#initializers.values()],
        input: this.#inputs,
        output: this.#outputs,
      },
    };
  }
}

function onnxAttribute(name: string, value: number | { readonly float: number }): OnnxAttribute {
  return typeof value === 'number'
    ? { name, type: ATTRIBUTE_TYPES.int, i: value }
    : { name, type: ATTRIBUTE_TYPES.float, f: value.float };
}

function onnxTensor(tensor: StoredTensor): OnnxTensor {
  const header = { name: tensor.name, dims: tensor.dimensions, dataType: DATA_TYPES[tensor.type] };
  if (tensor.data.kind === 'inline') {
    return { ...header, rawData: tensor.data.bytes };
  }
  const { file, offset, bytes } = tensor.data;
  return {
    ...header,
    dataLocation: EXTERNAL_LOCATION,
    externalData: [
      { key: 'location', value: file },
      { key: 'offset', value: String(offset) },
      { key: 'length', value: String(bytes) },
    ],
  };
}

function valueInfo(name: string, type: TensorType, dimensions: readonly Dimension[]): OnnxValueInfo {
  const dim = dimensions.map((dimension) =>
    typeof dimension === 'number' ? { dimValue: dimension } : { dimParam: dimension },
  );
  return { name, type: { tensorType: { elemType: DATA_TYPES[type], shape: { dim } } } };
}
