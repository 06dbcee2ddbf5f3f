import { packageDirectory } from './cacheDirectory.ts';
import { DEFAULT_MODEL_ID } from './catalogue.ts';
import { chooseQuantization } from './chooseQuantization.ts';

/** The folder of a catalogue model's package as this machine's processor runs it best; it may not be built yet. */
export function defaultPackageDirectory(id = DEFAULT_MODEL_ID): string {
  return packageDirectory(id, chooseQuantization('auto', { device: 'cpu', architecture: process.arch }));
}
