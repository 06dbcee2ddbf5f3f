import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { ModelManifest } from '../manifest.ts';
import { isSafeFileName } from '../manifest.ts';
import { ModelError } from '../modelError.ts';
import { readInitializers } from '../onnx/readInitializers.ts';
import type { StoredTensor } from '../weights/storedTensor.ts';
import type { WeightFiles } from '../weights/weightFiles.ts';
import type { MatrixPlan } from '../weights/weightPlan.ts';
import { planWeights } from '../weights/weightPlan.ts';

/** Bytes read at a time, rows that are not wanted included. */
const READ_BYTES = 4 * 1024 * 1024;

/** Weights of a package's model that its draft heads use too: the embedding and the rotary tables as they are, rows of the head. */
export class TrunkTensors {
  readonly embedding: MatrixPlan;
  readonly head: MatrixPlan;
  readonly #directory: string;
  readonly #initializers: ReadonlyMap<string, StoredTensor>;

  private constructor(
    directory: string,
    { shape, quantization }: ModelManifest,
    initializers: ReadonlyMap<string, StoredTensor>,
  ) {
    this.#directory = directory;
    this.#initializers = initializers;
    const hasOwnEmbedding = [...initializers.keys()].some((name) => name.startsWith('embedding.'));
    const plan = planWeights(shape, quantization, { hasAttentionBias: false, hasOwnEmbedding });
    this.head = plan.head;
    this.embedding = plan.embedding;
  }

  static async open(directory: string, manifest: ModelManifest): Promise<TrunkTensors> {
    const initializers = await readInitializers(directory, manifest.files.graph.name);
    return new TrunkTensors(directory, manifest, initializers);
  }

  /** Tensors for a graph that embeds ids and rotates, by their names in the decoder's graph. */
  shared(): readonly StoredTensor[] {
    const parts = this.#parts(this.embedding).map(({ name }) => name);
    return [...parts, 'rotary.cosines', 'rotary.sines'].map((name) => ({ ...this.#find(name), name }));
  }

  /** Copies rows of the output head, codes and scales as they are, into a matrix called `name`. */
  async copyHeadRows(rows: readonly number[], name: string, files: WeightFiles): Promise<readonly StoredTensor[]> {
    const copies: StoredTensor[] = [];
    for (const part of this.#parts(this.head)) {
      const { type, dimensions, data } = this.#find(part.name);
      const tail = dimensions.slice(1);
      const rowBytes = data.kind === 'inline' ? data.bytes.length / this.head.outputs : data.bytes / this.head.outputs;
      const copyName = part.name.replace('head', name);
      const bytes = new Uint8Array(rows.length * rowBytes);
      await this.#readRows(data, rows, rowBytes, bytes);
      copies.push(await files.add(copyName, type, [rows.length, ...tail], bytes));
    }
    return copies;
  }

  #parts({ name, format }: MatrixPlan): readonly { readonly name: string }[] {
    const suffixes = format === 'float32' ? ['weight'] : ['codes', 'scales'];
    return suffixes.map((suffix) => ({ name: `${name}.${suffix}` }));
  }

  /** A reshaped weight has its sizes appended to its name (`GraphBuilder.weight`). */
  #find(name: string): StoredTensor {
    const tensor =
      this.#initializers.get(name) ??
      [...this.#initializers.values()].find((candidate) => candidate.name.startsWith(`${name}.`));
    if (tensor === undefined || (tensor.data.kind === 'external' && !isSafeFileName(tensor.data.file))) {
      throw new ModelError('damaged', `its graph has no weight "${name}"`);
    }
    return tensor;
  }

  async #readRows(
    data: StoredTensor['data'],
    rows: readonly number[],
    rowBytes: number,
    into: Uint8Array,
  ): Promise<void> {
    if (data.kind === 'inline') {
      for (const [index, row] of rows.entries()) {
        into.set(data.bytes.subarray(row * rowBytes, (row + 1) * rowBytes), index * rowBytes);
      }
      return;
    }
    const handle = await open(path.join(this.#directory, data.file), 'r');
    try {
      const rowsAtOnce = Math.max(1, Math.floor(READ_BYTES / rowBytes));
      const buffer = new Uint8Array(rowsAtOnce * rowBytes);
      for (let index = 0; index < rows.length; ) {
        const first = rows[index]!;
        const end = rows.findIndex((row, other) => other >= index && row >= first + rowsAtOnce);
        const wanted = rows.slice(index, end === -1 ? rows.length : end);
        const span = (wanted.at(-1)! - first + 1) * rowBytes;
        await readWhole(handle, buffer.subarray(0, span), data.offset + first * rowBytes);
        for (const row of wanted) {
          const from = (row - first) * rowBytes;
          into.set(buffer.subarray(from, from + rowBytes), index * rowBytes);
          index++;
        }
      }
    } finally {
      await handle.close();
    }
  }
}

async function readWhole(handle: FileHandle, into: Uint8Array, position: number): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) {
      throw new ModelError('damaged', 'a weight file is shorter than its graph says');
    }
    filled += bytesRead;
  }
}
