import type { ModelManifest } from '../model/manifest.ts';
import { packageFiles } from '../model/openPackage.ts';

/** Bytes of a package on disk, its manifest aside. */
export function packageBytes(manifest: ModelManifest): number {
  return packageFiles(manifest).reduce((sum, file) => sum + file.bytes, 0);
}
