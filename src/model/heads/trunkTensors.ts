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
    return [...partNames(this.embedding), 'rotary.cosines', 'rotary.sines'].map((name) => ({
      ...this.#find(name),
      name,
    }));
  }

  /** Copies outputs of the head, codes and scales as they are, into a matrix called `name`; `ids` ascend. */
  async copyHeadRows(ids: readonly number[], name: string, files: WeightFiles): Promise<readonly StoredTensor[]> {
    const copies: StoredTensor[] = [];
    for (const part of partNames(this.head)) {
      const { type, dimensions, data } = this.#find(part);
      // Whole numbers are stored by columns: each input's row has the ids' columns.
      const { format } = this.head;
      const isByColumns = format !== 'float32' && format.kind === 'integers' && part.endsWith('.codes');
      const bytesPerId = (data.kind === 'inline' ? data.bytes.length : data.bytes) / this.head.outputs;
      const bytes = new Uint8Array(ids.length * bytesPerId);
      if (isByColumns) {
        await this.#readColumns(data, ids, bytesPerId, bytes);
      } else {
        await this.#readRows(data, ids, bytesPerId, bytes);
      }
      const copied = isByColumns ? [dimensions[0]!, ids.length] : [ids.length, ...dimensions.slice(1)];
      copies.push(await files.add(part.replace('head', name), type, copied, bytes));
    }
    return copies;
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

  /** Columns of one byte out of `count` rows. */
  async #readColumns(
    data: StoredTensor['data'],
    columns: readonly number[],
    count: number,
    into: Uint8Array,
  ): Promise<void> {
    const rowBytes = this.head.outputs;
    const rowsAtOnce = Math.max(1, Math.floor(READ_BYTES / rowBytes));
    for (let first = 0; first < count; first += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, count - first);
      const span = await this.#readSpan(data, first * rowBytes, rows * rowBytes);
      for (let row = 0; row < rows; row++) {
        for (const [index, column] of columns.entries()) {
          into[(first + row) * columns.length + index] = span[row * rowBytes + column]!;
        }
      }
    }
  }

  async #readRows(
    data: StoredTensor['data'],
    rows: readonly number[],
    rowBytes: number,
    into: Uint8Array,
  ): Promise<void> {
    const rowsAtOnce = Math.max(1, Math.floor(READ_BYTES / rowBytes));
    for (let index = 0; index < rows.length; ) {
      const first = rows[index]!;
      const end = rows.findIndex((row, other) => other >= index && row >= first + rowsAtOnce);
      const wanted = rows.slice(index, end === -1 ? rows.length : end);
      const span = await this.#readSpan(data, first * rowBytes, (wanted.at(-1)! - first + 1) * rowBytes);
      for (const row of wanted) {
        const from = (row - first) * rowBytes;
        into.set(span.subarray(from, from + rowBytes), index * rowBytes);
        index++;
      }
    }
  }

  async #readSpan(data: StoredTensor['data'], offset: number, length: number): Promise<Uint8Array> {
    if (data.kind === 'inline') {
      return data.bytes.subarray(offset, offset + length);
    }
    const span = new Uint8Array(length);
    const handle = await open(path.join(this.#directory, data.file), 'r');
    try {
      await readWhole(handle, span, data.offset + offset);
    } finally {
      await handle.close();
    }
    return span;
  }
}

/** Names of a matrix's tensors, but for zero points, which no head has. */
function partNames({ name, format }: MatrixPlan): readonly string[] {
  if (format === 'float32') {
    return [`${name}.weight`];
  }
  const groups = format.kind === 'blocks' ? [name] : Array.from({ length: format.groups }, (_, at) => `${name}.${at}`);
  return groups.flatMap((group) => [`${group}.codes`, `${group}.scales`]);
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
