import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { findCatalogueEntry } from '../catalogue.ts';
import { ModelError } from '../modelError.ts';
import { readSafetensors, tensorValues } from '../safetensors.ts';
import { changedMatrix } from '../source/changedMatrix.ts';
import type { LayerMatrixRole, ModelSource, WeightMatrix } from '../source/modelSource.ts';

type Norm = 'attentionNorm' | 'feedForwardNorm';

/** Factors of each input that a norm of a layer gives, by `layers.<layer>.<norm>`. */
export type Smoothing = ReadonlyMap<string, Float32Array>;

/**
 * The factors that ship for a catalogue model's weight file, `models/<id>/smoothing.safetensors` (made by
 * `train/quantize/smoothing.py`); undefined for weights that have none.
 *
 * Throws `ModelError` for a file that is damaged.
 */
export async function loadSmoothing(root: string, baseSha256: string): Promise<Smoothing | undefined> {
  const entry = await findCatalogueEntry(root, baseSha256);
  if (entry === undefined) {
    return undefined;
  }
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path.join(root, 'models', entry.id, 'smoothing.safetensors'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
  return new Map([...readSafetensors(bytes)].map(([name, tensor]) => [name, tensorValues(tensor)] as const));
}

/**
 * The same model with outliers moved from activations into weights: a norm's gains divided by its factors, the columns of the
 * matrices that read it multiplied by them. Only rounding to 8 bits sees a difference (SmoothQuant, arXiv 2211.10438, §4).
 *
 * Throws `ModelError` when a layer has no factors of its size.
 */
export function smoothedSource(source: ModelSource, smoothing: Smoothing): ModelSource {
  const factorsOf = (layer: number, norm: Norm): Float32Array => {
    const factors = smoothing.get(`layers.${layer}.${norm}`);
    if (factors?.length !== source.shape.hidden || !factors.every((factor) => factor > 0 && Number.isFinite(factor))) {
      throw new ModelError('damaged', `its smoothing factors do not fit ${norm} of layer ${layer}`);
    }
    return factors;
  };
  return {
    ...source,
    layerMatrix: (layer, role) => {
      const matrix = source.layerMatrix(layer, role);
      const norm = readBy(role);
      return norm === undefined ? matrix : withScaledColumns(matrix, factorsOf(layer, norm));
    },
    layerVector: async (layer, role) => {
      const vector = await source.layerVector(layer, role);
      if (role !== 'attentionNorm' && role !== 'feedForwardNorm') {
        return vector;
      }
      const factors = factorsOf(layer, role);
      return vector.map((gain, index) => gain / factors[index]!);
    },
  };
}

/** The norm whose output the matrix reads. */
function readBy(role: LayerMatrixRole): Norm | undefined {
  switch (role) {
    case 'query':
    case 'key':
    case 'value':
      return 'attentionNorm';
    case 'gate':
    case 'up':
      return 'feedForwardNorm';
    case 'attentionOutput':
    case 'down':
      return undefined;
  }
}

function withScaledColumns(matrix: WeightMatrix, factors: Float32Array): WeightMatrix {
  const { columns } = matrix;
  return changedMatrix(matrix, (into, _firstRow, rowCount) => {
    for (let index = 0; index < rowCount * columns; index++) {
      into[index]! *= factors[index % columns]!;
    }
  });
}
