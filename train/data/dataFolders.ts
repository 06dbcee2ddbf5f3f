import { homedir } from 'node:os';
import { join } from 'node:path';

export interface DataFolders {
  readonly archives: string;
  readonly corpus: string;
  /** What the clients leave behind; may be deleted at any time. */
  readonly clients: string;
}

/** Downloads and outputs live outside the checkout: below `$FORETOKEN_TRAIN`, or `~/.cache/foretoken/train`. */
export function dataFolders(environment: NodeJS.ProcessEnv = process.env): DataFolders {
  const root = environment.FORETOKEN_TRAIN || join(homedir(), '.cache', 'foretoken', 'train');
  return { archives: join(root, 'archives'), corpus: join(root, 'corpus'), clients: join(root, 'clients') };
}
