import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { dequantize } from '../gguf/dequantize.ts';
import { ggmlType, ggmlTypeLabel, READABLE_TYPE_NAMES } from '../gguf/ggmlTypes.ts';
import type { GgufFile, GgufTensor } from '../gguf/readGguf.ts';
import type { Architecture, ModelShape } from '../manifest.ts';
import { ModelError } from '../modelError.ts';
import { readArchitecture, readShape, readTokenizer } from './ggufMetadata.ts';
import type { LayerMatrixRole, LayerVectorRole, ModelSource, WeightMatrix } from './modelSource.ts';

const MATRIX_NAMES: Readonly<Record<LayerMatrixRole, string>> = {
  query: 'attn_q.weight',
  key: 'attn_k.weight',
  value: 'attn_v.weight',
  attentionOutput: 'attn_output.weight',
  gate: 'ffn_gate.weight',
  up: 'ffn_up.weight',
  down: 'ffn_down.weight',
};
const VECTOR_NAMES: Readonly<Record<LayerVectorRole, string>> = {
  attentionNorm: 'attn_norm.weight',
  feedForwardNorm: 'ffn_norm.weight',
  queryBias: 'attn_q.bias',
  keyBias: 'attn_k.bias',
  valueBias: 'attn_v.bias',
};

/**
 * Opens the weights of a GGUF file for the builder; the caller closes the source.
 *
 * Throws `ModelError` when the model is not one that the builder can describe, before any weight is read.
 */
export async function openGgufSource(file: GgufFile): Promise<ModelSource> {
  const architecture = readArchitecture(file);
  const shape = readShape(file, architecture);
  const tokenizer = readTokenizer(file, shape.vocabulary);
  const hasAttentionBias = file.tensors.has('blk.0.attn_q.bias');
  checkTensors(file, shape, hasAttentionBias);
  const handle = await open(file.path, 'r');
  try {
    const reader = new TensorReader(file, handle);
    const embedding = reader.matrix('token_embd.weight');
    const output = file.tensors.has('output.weight') ? reader.matrix('output.weight') : undefined;
    const isTied = output === undefined || (await haveSameRows(output, embedding));
    return {
      architecture,
      shape,
      tokenizer,
      hasAttentionBias,
      head: output ?? embedding,
      embedding: isTied ? undefined : embedding,
      layerMatrix: (layer, role) => {
        const matrix = reader.matrix(`blk.${layer}.${MATRIX_NAMES[role]}`);
        return needsUnpermuting(architecture, role) ? unpermuted(matrix, shape.headSize) : matrix;
      },
      layerVector: async (layer, role) => {
        const vector = await reader.vector(`blk.${layer}.${VECTOR_NAMES[role]}`);
        if (architecture !== 'llama' || (role !== 'queryBias' && role !== 'keyBias')) {
          return vector;
        }
        return vector.map((_, row) => vector[permutedRow(row, shape.headSize)]!);
      },
      finalNorm: () => reader.vector('output_norm.weight'),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Every tensor the graph needs has its shape and a readable type, and none is left over that the graph would ignore. */
function checkTensors(file: GgufFile, shape: ModelShape, hasAttentionBias: boolean): void {
  const { hidden, feedForward, vocabulary, headSize } = shape;
  const queries = shape.heads * headSize;
  const keys = shape.keyValueHeads * headSize;
  const expected = new Map<string, readonly number[]>([
    ['token_embd.weight', [hidden, vocabulary]],
    ['output_norm.weight', [hidden]],
  ]);
  if (file.tensors.has('output.weight')) {
    expected.set('output.weight', [hidden, vocabulary]);
  }
  for (let layer = 0; layer < shape.layers; layer++) {
    const add = (name: string, dimensions: readonly number[]) => expected.set(`blk.${layer}.${name}`, dimensions);
    add(MATRIX_NAMES.query, [hidden, queries]);
    add(MATRIX_NAMES.key, [hidden, keys]);
    add(MATRIX_NAMES.value, [hidden, keys]);
    add(MATRIX_NAMES.attentionOutput, [queries, hidden]);
    add(MATRIX_NAMES.gate, [hidden, feedForward]);
    add(MATRIX_NAMES.up, [hidden, feedForward]);
    add(MATRIX_NAMES.down, [feedForward, hidden]);
    add(VECTOR_NAMES.attentionNorm, [hidden]);
    add(VECTOR_NAMES.feedForwardNorm, [hidden]);
    if (hasAttentionBias) {
      add(VECTOR_NAMES.queryBias, [queries]);
      add(VECTOR_NAMES.keyBias, [keys]);
      add(VECTOR_NAMES.valueBias, [keys]);
    }
    if (layer >= file.tensors.size) {
      throw new ModelError(
        'damaged',
        `its header announces ${shape.layers} layers but only ${file.tensors.size} tensors`,
      );
    }
  }
  for (const [name, dimensions] of expected) {
    checkTensor(file.tensors.get(name), name, dimensions);
  }
  for (const name of file.tensors.keys()) {
    if (name === 'rope_freqs.weight') {
      throw new ModelError('unsupported', 'it scales its rotary frequencies (Llama 3.1), which is not supported');
    }
    if (!expected.has(name)) {
      throw new ModelError('unsupported', `it has a tensor "${name}" that its architecture does not explain`);
    }
  }
}

function checkTensor(tensor: GgufTensor | undefined, name: string, dimensions: readonly number[]): void {
  if (tensor === undefined) {
    throw new ModelError('damaged', `it lacks the tensor "${name}"`);
  }
  if (tensor.dimensions.join() !== dimensions.join()) {
    const found = tensor.dimensions.join(' × ');
    throw new ModelError('damaged', `its tensor "${name}" is ${found}, expected ${dimensions.join(' × ')}`);
  }
  if (ggmlType(tensor.typeId) === undefined) {
    const readable = READABLE_TYPE_NAMES.join(', ');
    throw new ModelError(
      'unsupported',
      `its tensor "${name}" is stored as ${ggmlTypeLabel(tensor.typeId)}; readable are ${readable}`,
    );
  }
}

class TensorReader {
  readonly #file: GgufFile;
  readonly #handle: FileHandle;
  #buffer = Buffer.alloc(0);

  constructor(file: GgufFile, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
  }

  matrix(name: string): WeightMatrix {
    const tensor = this.#file.tensors.get(name)!;
    const [columns, rows] = tensor.dimensions as [number, number];
    return {
      rows,
      columns,
      readRows: (first, count, into) => this.#read(tensor, first * columns, count * columns, into),
    };
  }

  async vector(name: string): Promise<Float32Array> {
    const tensor = this.#file.tensors.get(name)!;
    const vector = new Float32Array(tensor.dimensions[0]!);
    await this.#read(tensor, 0, vector.length, vector);
    return vector;
  }

  /** Both counts are whole blocks, because rows are. */
  async #read(tensor: GgufTensor, firstElement: number, elementCount: number, into: Float32Array): Promise<void> {
    const type = ggmlType(tensor.typeId)!;
    const byteCount = (elementCount / type.blockElements) * type.blockBytes;
    if (this.#buffer.length < byteCount) {
      this.#buffer = Buffer.allocUnsafe(byteCount);
    }
    const position = tensor.offset + (firstElement / type.blockElements) * type.blockBytes;
    for (let filled = 0; filled < byteCount; ) {
      const { bytesRead } = await this.#handle.read(this.#buffer, filled, byteCount - filled, position + filled);
      if (bytesRead === 0) {
        throw new ModelError('damaged', 'the file became shorter while it was read');
      }
      filled += bytesRead;
    }
    dequantize(type, this.#buffer, into, elementCount);
  }
}

/** Rows compared and the relative squared difference below which two tables are roundings of one (Q4_K: about 0.006). */
const COMPARED_ROWS = 64;
const TIED_DIFFERENCE = 0.05;

/**
 * Whether `output.weight` is a second rounding of the embedding, as in files made from tied models.
 *
 * The header does not say, and taking one table for both in an untied model would give a model that talks nonsense.
 */
async function haveSameRows(left: WeightMatrix, right: WeightMatrix): Promise<boolean> {
  const leftRow = new Float32Array(left.columns);
  const rightRow = new Float32Array(right.columns);
  let difference = 0;
  let size = 0;
  for (let sample = 0; sample < COMPARED_ROWS; sample++) {
    const row = Math.floor((sample * left.rows) / COMPARED_ROWS);
    await left.readRows(row, 1, leftRow);
    await right.readRows(row, 1, rightRow);
    for (let column = 0; column < leftRow.length; column++) {
      difference += (leftRow[column]! - rightRow[column]!) ** 2;
      size += leftRow[column]! ** 2;
    }
  }
  return difference <= TIED_DIFFERENCE * size;
}

function needsUnpermuting(architecture: Architecture, role: LayerMatrixRole): boolean {
  return architecture === 'llama' && (role === 'query' || role === 'key');
}

/**
 * Files of the llama architecture store query and key rows so that rotary pairs are neighbours (llama.cpp's
 * `convert_hf_to_gguf.py`, `permute`): the two halves of a head are interleaved. The graph rotates halves, as the original
 * models do, so rows are put back.
 */
function unpermuted(matrix: WeightMatrix, headSize: number): WeightMatrix {
  const { rows, columns } = matrix;
  return {
    rows,
    columns,
    readRows: async (firstRow, rowCount, into) => {
      const row = new Float32Array(columns);
      for (let index = 0; index < rowCount; index++) {
        await matrix.readRows(permutedRow(firstRow + index, headSize), 1, row);
        into.set(row, index * columns);
      }
    },
  };
}

/** Where the file has the row that belongs at `row`: half `h`, pair `p` of a head is stored at place 2p + h. */
function permutedRow(row: number, headSize: number): number {
  const inHead = row % headSize;
  const pair = inHead % (headSize / 2);
  const half = inHead < headSize / 2 ? 0 : 1;
  return row - inHead + 2 * pair + half;
}
