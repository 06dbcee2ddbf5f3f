import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of a file that lies beside this one, in `train/data`. */
export function repositoryFile(name: string): string {
  return join(dirname(fileURLToPath(import.meta.url)), name);
}
