import { ModelError } from '../modelError.ts';
import type { BlockFormat } from '../quantize/quantizeBlocks.ts';
import { quantizeRows, rowSizes } from '../quantize/quantizeBlocks.ts';
import { quantizeGroup } from '../quantize/quantizeIntegers.ts';
import type { ModelSource, WeightMatrix } from '../source/modelSource.ts';
import type { StoredTensor } from './storedTensor.ts';
import type { WeightFiles } from './weightFiles.ts';
import type { MatrixPlan, WeightPlan } from './weightPlan.ts';

/** Elements dequantised at a time: 4 MB of float32, a few milliseconds between two looks at the event loop. */
const CHUNK_ELEMENTS = 1 << 20;

export interface WriteWeightsOptions {
  /** Called after each chunk with the share done, 0–1. */
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Reads every weight of the source once, stores it as the plan says and returns the tensors by name.
 *
 * Memory stays at one chunk of one matrix plus that matrix's scales, for whole numbers its codes too.
 */
export async function writeWeights(
  source: ModelSource,
  plan: WeightPlan,
  files: WeightFiles,
  options: WriteWeightsOptions,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  const keep = (tensor: StoredTensor) => tensors.set(tensor.name, tensor);
  const progress = new Progress(totalElements(plan), options);
  const matrix = async (matrixPlan: MatrixPlan, parts: readonly WeightMatrix[]) => {
    for (const tensor of await writeMatrix(matrixPlan, parts, files, progress)) {
      keep(tensor);
    }
  };
  const vector = async (name: string, parts: readonly Float32Array[]) => {
    const values = concatenated(parts);
    keep(await files.add(name, 'float32', [values.length], bytesOf(values)));
  };

  await matrix(plan.head, [source.head]);
  if (source.embedding !== undefined) {
    await matrix(plan.embedding, [source.embedding]);
  }
  for (const [layer, layerPlan] of plan.layers.entries()) {
    const part = (role: Parameters<ModelSource['layerMatrix']>[1]) => source.layerMatrix(layer, role);
    await vector(layerPlan.attentionNorm, [await source.layerVector(layer, 'attentionNorm')]);
    await matrix(layerPlan.queryKeyValue, [part('query'), part('key'), part('value')]);
    if (layerPlan.queryKeyValue.hasBias) {
      await vector(`${layerPlan.queryKeyValue.name}.bias`, [
        await source.layerVector(layer, 'queryBias'),
        await source.layerVector(layer, 'keyBias'),
        await source.layerVector(layer, 'valueBias'),
      ]);
    }
    await matrix(layerPlan.attentionOutput, [part('attentionOutput')]);
    await vector(layerPlan.feedForwardNorm, [await source.layerVector(layer, 'feedForwardNorm')]);
    await matrix(layerPlan.gateUp, [part('gate'), part('up')]);
    await matrix(layerPlan.down, [part('down')]);
  }
  await vector(plan.finalNorm, [await source.finalNorm()]);
  return tensors;
}

/** One matrix of the graph from the rows of one or more matrices of the source, in order. */
export async function writeMatrix(
  plan: MatrixPlan,
  parts: readonly WeightMatrix[],
  files: WeightFiles,
  progress: Progress,
): Promise<readonly StoredTensor[]> {
  const { name, outputs, inputs, format } = plan;
  if (format !== 'float32') {
    return format.kind === 'integers'
      ? writeIntegers(plan, format.groups, parts, files, progress)
      : writeBlocks(plan, format, parts, files, progress);
  }
  const byteCount = outputs * inputs * 4;
  const weight = await files.stream(`${name}.weight`, 'float32', [outputs, inputs], byteCount, async (write) => {
    for await (const chunk of readChunks(plan, parts, progress)) {
      await write(bytesOf(chunk.values));
    }
  });
  return [weight];
}

/** The codes are whole in memory, since their rows are the source's columns: 136 MB for the table of the 0.5B, 233 MB of the 1.5B. */
async function writeIntegers(
  plan: MatrixPlan,
  groups: number,
  parts: readonly WeightMatrix[],
  files: WeightFiles,
  progress: Progress,
): Promise<readonly StoredTensor[]> {
  const { name, outputs, inputs } = plan;
  const groupInputs = inputs / groups;
  const stored = Array.from({ length: groups }, () => ({
    codes: new Int8Array(groupInputs * outputs),
    scales: new Float32Array(outputs),
  }));
  let firstOutput = 0;
  for await (const { values, rowCount: rows } of readChunks(plan, parts, progress)) {
    for (const [group, into] of stored.entries()) {
      const firstColumn = group * groupInputs;
      quantizeGroup({ values, rows, columns: inputs, firstColumn, firstOutput, outputs }, into);
    }
    firstOutput += rows;
  }
  const tensors: StoredTensor[] = [];
  for (const [group, { codes, scales }] of stored.entries()) {
    tensors.push(await files.add(`${name}.${group}.codes`, 'int8', [groupInputs, outputs], bytesOf(codes)));
    tensors.push(await files.add(`${name}.${group}.scales`, 'float32', [outputs], bytesOf(scales)));
  }
  return tensors;
}

async function writeBlocks(
  { name, outputs, inputs, ...plan }: MatrixPlan,
  format: BlockFormat,
  parts: readonly WeightMatrix[],
  files: WeightFiles,
  progress: Progress,
): Promise<readonly StoredTensor[]> {
  const { blocks, codeBytes, zeroPointBytes } = rowSizes(format, inputs);
  const scales = new Uint16Array(outputs * blocks);
  const zeroPoints = new Uint8Array(outputs * zeroPointBytes);
  const shape = [outputs, blocks, codeBytes / blocks];
  const codes = await files.stream(`${name}.codes`, 'uint8', shape, outputs * codeBytes, async (write) => {
    let row = 0;
    for await (const { values, rowCount } of readChunks({ name, outputs, inputs, ...plan }, parts, progress)) {
      const chunkCodes = new Uint8Array(rowCount * codeBytes);
      quantizeRows(format, values, rowCount, inputs, {
        codes: chunkCodes,
        scales: scales.subarray(row * blocks),
        zeroPoints: zeroPoints.subarray(row * zeroPointBytes),
      });
      await write(chunkCodes);
      row += rowCount;
    }
  });
  const tensors = [codes, await files.add(`${name}.scales`, 'float16', [outputs, blocks], bytesOf(scales))];
  if (format.hasZeroPoints) {
    tensors.push(await files.add(`${name}.zeroPoints`, 'uint8', [outputs, zeroPointBytes], zeroPoints));
  }
  return tensors;
}

/** The rows of all parts in order, a bounded number at a time; the array is used again for the next chunk. */
async function* readChunks(
  plan: MatrixPlan,
  parts: readonly WeightMatrix[],
  progress: Progress,
): AsyncGenerator<{ readonly values: Float32Array; readonly rowCount: number }> {
  const rowsAtOnce = Math.max(1, Math.floor(CHUNK_ELEMENTS / plan.inputs));
  const buffer = new Float32Array(Math.min(rowsAtOnce, plan.outputs) * plan.inputs);
  for (const part of parts) {
    for (let row = 0; row < part.rows; row += rowsAtOnce) {
      const rowCount = Math.min(rowsAtOnce, part.rows - row);
      const values = buffer.subarray(0, rowCount * plan.inputs);
      await part.readRows(row, rowCount, values);
      yield { values, rowCount };
      await progress.advance(values.length);
    }
  }
}

/** Counts the elements that were written. */
export class Progress {
  readonly #totalElements: number;
  readonly #options: WriteWeightsOptions;
  #doneElements = 0;

  constructor(total: number, options: WriteWeightsOptions) {
    this.#totalElements = total;
    this.#options = options;
  }

  /** Reports, lets other work of this process run, and stops here when the build was cancelled. */
  async advance(elements: number): Promise<void> {
    this.#doneElements += elements;
    this.#options.onProgress(this.#doneElements / this.#totalElements);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#options.signal.aborted) {
      throw new ModelError('cancelled', 'the build was cancelled');
    }
  }
}

function totalElements(plan: WeightPlan): number {
  const tables = plan.embedding === plan.head ? [plan.head] : [plan.head, plan.embedding];
  const layers = plan.layers.flatMap((layer) => [layer.queryKeyValue, layer.attentionOutput, layer.gateUp, layer.down]);
  return [...tables, ...layers].reduce((sum, { outputs, inputs }) => sum + outputs * inputs, 0);
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The same memory as bytes. Every platform that ONNX Runtime supports is little-endian, as the files are. */
export function bytesOf(values: Float32Array | Uint16Array | Int8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
