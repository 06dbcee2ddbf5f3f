import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { homeDirectory } from '../cacheDirectory.ts';
import type { WeightFile } from '../catalogue.ts';

/** Deep enough for `models--owner--name/snapshots/<revision>/<file>` and for `<publisher>/<repository>/<file>`. */
const MAX_DEPTH = 5;
/** A folder that somebody keeps a whole home in must not hold up the start. */
const MAX_ENTRIES = 20_000;

/**
 * Folders where other programs of this user keep weight files, most likely first: the caches of llama.cpp, LM Studio and
 * the Hugging Face hub client, each at its documented places and environment variables.
 */
export function weightCacheFolders(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): readonly string[] {
  const home = homeDirectory(environment, platform);
  const cache = environment.XDG_CACHE_HOME ?? path.join(home, '.cache');
  const llamaDefault =
    platform === 'win32'
      ? path.join(environment.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local'), 'llama.cpp')
      : path.join(platform === 'darwin' ? path.join(home, 'Library', 'Caches') : cache, 'llama.cpp');
  const hubHome = environment.HF_HOME ?? path.join(cache, 'huggingface');
  const folders = [
    environment.LLAMA_CACHE ?? llamaDefault,
    path.join(home, '.lmstudio', 'models'),
    path.join(home, '.cache', 'lm-studio', 'models'),
    environment.HF_HUB_CACHE ?? environment.HUGGINGFACE_HUB_CACHE ?? path.join(hubHome, 'hub'),
    path.join(home, '.cache', 'huggingface', 'hub'),
  ];
  return [...new Set(folders.filter((folder) => path.isAbsolute(folder)))];
}

/**
 * Files below the folders that have exactly the wanted size, those named like the file or its hash first.
 *
 * Reads names and sizes only, follows no links, skips what it may not read, and stops at a bounded depth and number of
 * entries. A candidate is not trusted: the caller checks its hash.
 */
export async function findCandidates(file: WeightFile, folders: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  const budget = { entries: MAX_ENTRIES };
  for (const folder of folders) {
    await walk(folder, MAX_DEPTH, budget, async (filePath) => {
      if ((await stat(filePath)).size === file.bytes) {
        found.push(filePath);
      }
    });
  }
  const isLikely = (filePath: string): boolean =>
    [file.name, file.sha256].some((name) => path.basename(filePath).endsWith(name));
  return [...found.filter(isLikely), ...found.filter((filePath) => !isLikely(filePath))];
}

async function walk(
  folder: string,
  depth: number,
  budget: { entries: number },
  visit: (filePath: string) => Promise<void>,
): Promise<void> {
  for (const entry of await readFolder(folder)) {
    budget.entries -= 1;
    if (budget.entries < 0) {
      return;
    }
    const entryPath = path.join(folder, entry.name);
    if (entry.isDirectory() && depth > 1) {
      await walk(entryPath, depth - 1, budget, visit);
    } else if (entry.isFile() && !entry.name.endsWith('.partial')) {
      await visit(entryPath).catch(ignoreUnreadable);
    }
  }
}

async function readFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    ignoreUnreadable(error);
    return [];
  }
}

/** What is not there or not ours to read is no candidate; anything else is worth hearing of. */
function ignoreUnreadable(error: unknown): void {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP'].includes(code)) {
    throw error;
  }
}
