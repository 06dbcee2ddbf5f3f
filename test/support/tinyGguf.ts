import type {
  LayerMatrixRole,
  LayerVectorRole,
  ModelSource,
  WeightMatrix,
} from '../../src/model/source/modelSource.ts';
import type { GgufField, GgufSpec, GgufTensorSpec } from './ggufFile.ts';

const MATRICES: readonly (readonly [LayerMatrixRole, string])[] = [
  ['query', 'attn_q'],
  ['key', 'attn_k'],
  ['value', 'attn_v'],
  ['attentionOutput', 'attn_output'],
  ['gate', 'ffn_gate'],
  ['up', 'ffn_up'],
  ['down', 'ffn_down'],
];
const BIASES: readonly (readonly [LayerVectorRole, string])[] = [
  ['queryBias', 'attn_q.bias'],
  ['keyBias', 'attn_k.bias'],
  ['valueBias', 'attn_v.bias'],
];
const KIND_NUMBERS = { ordinary: 1, control: 3, added: 4, unused: 5 } as const;

/** A GGUF file, in float32, of a model source: what llama.cpp's converter would write. */
export async function tinyGguf(source: ModelSource): Promise<GgufSpec> {
  const { architecture, shape, tokenizer } = source;
  const uint32 = (value: number): GgufField => ({ type: 'uint32', value });
  const fields: Record<string, GgufField> = {
    'general.architecture': { type: 'text', value: architecture },
    [`${architecture}.block_count`]: uint32(shape.layers),
    [`${architecture}.context_length`]: uint32(shape.contextLength),
    [`${architecture}.embedding_length`]: uint32(shape.hidden),
    [`${architecture}.feed_forward_length`]: uint32(shape.feedForward),
    [`${architecture}.attention.head_count`]: uint32(shape.heads),
    [`${architecture}.attention.head_count_kv`]: uint32(shape.keyValueHeads),
    [`${architecture}.rope.freq_base`]: { type: 'float32', value: shape.ropeBase },
    [`${architecture}.attention.layer_norm_rms_epsilon`]: { type: 'float32', value: shape.normEpsilon },
    'tokenizer.ggml.model': { type: 'text', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'text', value: tokenizer.preTokenizer },
    'tokenizer.ggml.tokens': { type: 'texts', value: tokenizer.tokens },
    'tokenizer.ggml.token_type': { type: 'int32s', value: tokenizer.kinds.map((kind) => KIND_NUMBERS[kind]) },
    'tokenizer.ggml.merges': { type: 'texts', value: tokenizer.merges },
    'tokenizer.ggml.eos_token_id': uint32(tokenizer.endTokens[0] ?? 0),
  };
  const tensors = [matrixTensor('output.weight', source.head, await wholeMatrix(source.head))];
  const embedding = source.embedding ?? source.head;
  tensors.push(matrixTensor('token_embd.weight', embedding, await wholeMatrix(embedding)));
  tensors.push(vectorTensor('output_norm.weight', await source.finalNorm()));
  for (let layer = 0; layer < shape.layers; layer++) {
    for (const [role, name] of MATRICES) {
      const matrix = source.layerMatrix(layer, role);
      const values = await wholeMatrix(matrix);
      const isPermuted = architecture === 'llama' && (role === 'query' || role === 'key');
      const stored = isPermuted ? interleavedHalves(values, matrix.columns, shape.headSize) : values;
      tensors.push(matrixTensor(`blk.${layer}.${name}.weight`, matrix, stored));
    }
    tensors.push(vectorTensor(`blk.${layer}.attn_norm.weight`, await source.layerVector(layer, 'attentionNorm')));
    tensors.push(vectorTensor(`blk.${layer}.ffn_norm.weight`, await source.layerVector(layer, 'feedForwardNorm')));
    for (const [role, name] of source.hasAttentionBias ? BIASES : []) {
      tensors.push(vectorTensor(`blk.${layer}.${name}`, await source.layerVector(layer, role)));
    }
  }
  return { fields, tensors };
}

/** The order of llama.cpp's conversion: `w.reshape(heads, 2, headSize / 2, columns).swapaxes(1, 2)`. */
function interleavedHalves(values: Float32Array, columns: number, headSize: number): Float32Array {
  const stored = new Float32Array(values.length);
  const rows = values.length / columns;
  let to = 0;
  for (let head = 0; head < rows / headSize; head++) {
    for (let pair = 0; pair < headSize / 2; pair++) {
      for (let half = 0; half < 2; half++) {
        const row = head * headSize + half * (headSize / 2) + pair;
        stored.set(values.subarray(row * columns, (row + 1) * columns), to);
        to += columns;
      }
    }
  }
  return stored;
}

async function wholeMatrix(matrix: WeightMatrix): Promise<Float32Array> {
  const values = new Float32Array(matrix.rows * matrix.columns);
  await matrix.readRows(0, matrix.rows, values);
  return values;
}

function matrixTensor(name: string, { rows, columns }: WeightMatrix, values: Float32Array): GgufTensorSpec {
  return { name, dimensions: [columns, rows], typeId: 0, data: new Uint8Array(values.buffer) };
}

function vectorTensor(name: string, values: Float32Array): GgufTensorSpec {
  return { name, dimensions: [values.length], typeId: 0, data: new Uint8Array(values.buffer) };
}
