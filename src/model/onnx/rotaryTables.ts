import type { ModelShape } from '../manifest.ts';
import type { StoredTensor } from '../weights/storedTensor.ts';
import type { WeightFiles } from '../weights/weightFiles.ts';

/**
 * Stores `rotary.cosines` and `rotary.sines`, `(contextLength, headSize / 2)`: the angle of pair i at position p is
 * p · base^(−2i / headSize) (Su et al. 2021, RoFormer, §3.4.2).
 */
export async function storeRotaryTables(shape: ModelShape, files: WeightFiles): Promise<readonly StoredTensor[]> {
  const pairs = shape.headSize / 2;
  const cosines = new Float32Array(shape.contextLength * pairs);
  const sines = new Float32Array(shape.contextLength * pairs);
  for (let pair = 0; pair < pairs; pair++) {
    const frequency = shape.ropeBase ** (-pair / pairs);
    for (let position = 0; position < shape.contextLength; position++) {
      cosines[position * pairs + pair] = Math.cos(position * frequency);
      sines[position * pairs + pair] = Math.sin(position * frequency);
    }
  }
  const dimensions = [shape.contextLength, pairs];
  return [
    await files.add('rotary.cosines', 'float32', dimensions, new Uint8Array(cosines.buffer)),
    await files.add('rotary.sines', 'float32', dimensions, new Uint8Array(sines.buffer)),
  ];
}
