import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from '../modelError.ts';
import type { StoredTensor, TensorType } from '../weights/storedTensor.ts';
import type { OnnxTensor } from './onnxSchema.ts';
import { DATA_TYPES, decodeOnnxModel, EXTERNAL_LOCATION } from './onnxSchema.ts';

/**
 * The stored weights of a package's graph by initializer name, so that another graph can use the same bytes.
 *
 * Throws `ModelError` when the file is not a graph.
 */
export async function readInitializers(
  directory: string,
  graphName: string,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const bytes = await readFile(path.join(directory, graphName));
  try {
    const tensors = decodeOnnxModel(bytes).graph.initializer.map(storedTensor);
    return new Map(tensors.map((tensor) => [tensor.name, tensor]));
  } catch (error) {
    throw new ModelError('damaged', `its graph ${graphName} cannot be read: ${(error as Error).message}`);
  }
}

function storedTensor(tensor: OnnxTensor): StoredTensor {
  const { name, dims: dimensions, dataType, dataLocation } = tensor;
  const type = Object.entries(DATA_TYPES).find(([, code]) => code === dataType)?.[0] as TensorType | undefined;
  if (type === undefined) {
    throw new Error(`the weight "${name}" has the unknown type ${dataType}`);
  }
  if (dataLocation !== EXTERNAL_LOCATION) {
    return { name, type, dimensions, data: { kind: 'inline', bytes: tensor.rawData ?? new Uint8Array(0) } };
  }
  const entries = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value]));
  const file = entries.get('location') ?? '';
  const offset = Number(entries.get('offset'));
  return { name, type, dimensions, data: { kind: 'external', file, offset, bytes: Number(entries.get('length')) } };
}
