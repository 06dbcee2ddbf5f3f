import { defaultPackageDirectory } from '../../src/model/defaultPackage.ts';
import type { ModelPackage } from '../../src/model/openPackage.ts';
import { openPackage } from '../../src/model/openPackage.ts';

/** The default model's package, which the model suite's set-up fetched and built. */
export async function defaultPackage(): Promise<ModelPackage> {
  const opened = await openPackage(defaultPackageDirectory());
  if (!opened.ok) {
    throw new Error(`${opened.error} (npm test fetches and builds it)`);
  }
  return opened.value;
}
