import { packageDirectory } from '../../src/model/cacheDirectory.ts';
import type { ModelPackage } from '../../src/model/openPackage.ts';
import { openPackage } from '../../src/model/openPackage.ts';

/** The default model's package, which the model suite's set-up fetched and built. */
export async function defaultPackage(): Promise<ModelPackage> {
  const directory = packageDirectory('qwen2.5-coder-0.5b', 'q8');
  const opened = await openPackage(directory);
  if (!opened.ok) {
    throw new Error(`${opened.error} (npm test fetches and builds it)`);
  }
  return opened.value;
}
