/**
 * The weights of a package that its draft heads work with, as float16: training starts from them, and drafts go through
 * the trunk's own output head. They are read from the built package, so that quantisation and a merged adapter are in them.
 */
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { LoadedModel } from '../../src/engine/generate.ts';
import type { ModelManifest } from '../../src/model/manifest.ts';
import { readInitializers } from '../../src/model/onnx/readInitializers.ts';
import { HALF_VALUES } from '../../src/model/quantize/halfFloat.ts';
import type { StoredTensor } from '../../src/model/weights/storedTensor.ts';
import type { MatrixPlan } from '../../src/model/weights/weightPlan.ts';
import { planWeights } from '../../src/model/weights/weightPlan.ts';
import type { Tensor } from './tensorFile.ts';
import { floatTensor, halfTensor, integerTensor, writeTensorFile } from './tensorFile.ts';

/**
 * Writes `head`, `embedding` where it is a table of its own, `final_norm`, the last layer as `layer.*` (matrices F16, vectors
 * F32), and two lists of ids, I32: `always_drafted` (single bytes, white space, ends of text) and `line_feeds`.
 */
export async function writeTrunkFile(
  file: string,
  directory: string,
  manifest: ModelManifest,
  { tokenizer, control }: Pick<LoadedModel, 'tokenizer' | 'control'>,
): Promise<void> {
  const reader = new WeightReader(directory, await readInitializers(directory, manifest.files.graph.name));
  const plan = planWeights(manifest.shape, manifest.quantization, {
    hasAttentionBias: reader.has(`layers.0.queryKeyValue.bias`),
    hasOwnEmbedding: reader.hasMatrix('embedding'),
  });
  const layer = plan.layers.at(-1)!;
  const tensors: Record<string, Tensor> = {
    head: await reader.matrix(plan.head),
    ...(plan.embedding === plan.head ? {} : { embedding: await reader.matrix(plan.embedding) }),
    final_norm: await reader.vector(plan.finalNorm),
    'layer.attention_norm': await reader.vector(layer.attentionNorm),
    'layer.query_key_value.weight': await reader.matrix(layer.queryKeyValue),
    'layer.output': await reader.matrix(layer.attentionOutput),
    'layer.feed_forward_norm': await reader.vector(layer.feedForwardNorm),
    'layer.gate_up': await reader.matrix(layer.gateUp),
    'layer.down': await reader.matrix(layer.down),
  };
  if (layer.queryKeyValue.hasBias) {
    tensors['layer.query_key_value.bias'] = await reader.vector(`${layer.queryKeyValue.name}.bias`);
  }
  const idsWhere = (isWanted: (bytes: string) => boolean): readonly number[] =>
    [...tokenizer.sortedIds].filter((id) => isWanted(tokenizer.bytesOf(id))).sort((left, right) => left - right);
  const always = [...idsWhere((bytes) => bytes.length === 1 || /^[ \t\r\n]+$/.test(bytes)), ...control.stop];
  const lineFeeds = idsWhere((bytes) => bytes.includes('\n'));
  tensors.always_drafted = integerTensor([always.length], always);
  tensors.line_feeds = integerTensor([lineFeeds.length], lineFeeds);
  writeTensorFile(file, tensors);
}

class WeightReader {
  readonly #directory: string;
  readonly #stored: ReadonlyMap<string, StoredTensor>;

  constructor(directory: string, stored: ReadonlyMap<string, StoredTensor>) {
    this.#directory = directory;
    this.#stored = stored;
  }

  has(name: string): boolean {
    return this.#stored.has(name);
  }

  hasMatrix(name: string): boolean {
    return [...this.#stored.keys()].some((key) => key.startsWith(`${name}.`));
  }

  async vector(name: string): Promise<Tensor> {
    const values = floats(await this.#read(name));
    return floatTensor([values.length], values);
  }

  /** A matrix as `(outputs, inputs)` in float16, whatever format of `src/model/quantize` it is stored in. */
  async matrix({ name, outputs, inputs, format }: MatrixPlan): Promise<Tensor> {
    if (format === 'float32') {
      return halfTensor([outputs, inputs], [floats(await this.#read(`${name}.weight`))]);
    }
    if (format.kind === 'integers') {
      return this.#integerMatrix(name, outputs, inputs, format.groups);
    }
    const codes = await this.#read(`${name}.codes`);
    const scales = new Uint16Array(aligned(await this.#read(`${name}.scales`)));
    const zeroPoints = format.hasZeroPoints ? await this.#read(`${name}.zeroPoints`) : undefined;
    const blocks = Math.ceil(inputs / format.blockSize);
    const codeBytes = (blocks * format.blockSize * format.bits) / 8;
    const zeroPointBytes = Math.ceil((blocks * format.bits) / 8);
    const codeAt = (bytes: Uint8Array, first: number, index: number): number =>
      format.bits === 8 ? bytes[first + index]! : (bytes[first + (index >> 1)]! >> ((index & 1) * 4)) & 15;
    const rows: Float32Array[] = [];
    for (let output = 0; output < outputs; output++) {
      const row = new Float32Array(inputs);
      for (let input = 0; input < inputs; input++) {
        const block = Math.floor(input / format.blockSize);
        const zero =
          zeroPoints === undefined ? 2 ** (format.bits - 1) : codeAt(zeroPoints, output * zeroPointBytes, block);
        const scale = HALF_VALUES[scales[output * blocks + block]!]!;
        row[input] = (codeAt(codes, output * codeBytes, input) - zero) * scale;
      }
      rows.push(row);
    }
    return halfTensor([outputs, inputs], rows);
  }

  async #integerMatrix(name: string, outputs: number, inputs: number, groups: number): Promise<Tensor> {
    const rows = Array.from({ length: outputs }, () => new Float32Array(inputs));
    const groupInputs = inputs / groups;
    for (let group = 0; group < groups; group++) {
      const codes = Int8Array.from(await this.#read(`${name}.${group}.codes`));
      const scales = floats(await this.#read(`${name}.${group}.scales`));
      for (const [output, row] of rows.entries()) {
        for (let input = 0; input < groupInputs; input++) {
          row[group * groupInputs + input] = codes[input * outputs + output]! * scales[output]!;
        }
      }
    }
    return halfTensor([outputs, inputs], rows);
  }

  async #read(name: string): Promise<Uint8Array> {
    // A reshaped weight has its sizes appended to its name.
    const tensor =
      this.#stored.get(name) ?? [...this.#stored.values()].find((other) => other.name.startsWith(`${name}.`));
    if (tensor === undefined) {
      throw new Error(`the package has no weight "${name}"`);
    }
    if (tensor.data.kind === 'inline') {
      return tensor.data.bytes;
    }
    const { file, offset, bytes } = tensor.data;
    const into = new Uint8Array(bytes);
    const handle = await open(path.join(this.#directory, file), 'r');
    try {
      for (let filled = 0; filled < bytes; ) {
        const { bytesRead } = await handle.read(into, filled, bytes - filled, offset + filled);
        if (bytesRead === 0) {
          throw new Error(`${file} is shorter than its graph says`);
        }
        filled += bytesRead;
      }
    } finally {
      await handle.close();
    }
    return into;
  }
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(aligned(bytes));
}

/** A copy, because a view of a file need not be aligned. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
