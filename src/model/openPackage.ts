import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { describeSystemError } from '../base/describeSystemError.ts';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { ModelManifest, PackageFile } from './manifest.ts';
import { parseManifest } from './manifest.ts';

/** A package whose manifest is sound and whose files are all there. */
export interface ModelPackage {
  readonly directory: string;
  readonly manifest: ModelManifest;
}

/** A real manifest has a few kilobytes. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

/**
 * Opens a package folder for use: reads the manifest and checks that each file is there with the right size. Takes about
 * a millisecond, so every start does it.
 *
 * Errors: one sentence that says what is wrong and what to do.
 */
export async function openPackage(directory: string): Promise<Result<ModelPackage, string>> {
  const manifest = await readManifest(directory);
  if (!manifest.ok) {
    return manifest;
  }
  for (const file of packageFiles(manifest.value)) {
    const bytes = await sizeOf(path.join(directory, file.name));
    if (bytes === undefined) {
      return err(`the model package in ${directory} lacks its file ${file.name}; build it again`);
    }
    if (bytes !== file.bytes) {
      return err(
        `${file.name} in the model package ${directory} has ${bytes} bytes, expected ${file.bytes}; build the package again`,
      );
    }
  }
  return ok({ directory, manifest: manifest.value });
}

/**
 * Checks a package thoroughly: `openPackage`, then the SHA-256 of every file (about a second per gigabyte or two).
 *
 * Errors: one sentence that names the first file that does not match. Throws the signal's reason when cancelled.
 */
export async function verifyPackage(
  directory: string,
  options: { readonly onProgress?: (fraction: number) => void; readonly signal?: AbortSignal } = {},
): Promise<Result<ModelPackage, string>> {
  const opened = await openPackage(directory);
  if (!opened.ok) {
    return opened;
  }
  const files = packageFiles(opened.value.manifest);
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  let doneBytes = 0;
  for (const file of files) {
    const hash = createHash('sha256');
    const { signal } = options;
    try {
      for await (const chunk of createReadStream(path.join(directory, file.name), { highWaterMark: 1 << 20 })) {
        signal?.throwIfAborted();
        hash.update(chunk as Buffer);
        doneBytes += (chunk as Buffer).length;
        options.onProgress?.(doneBytes / totalBytes);
      }
    } catch (error) {
      signal?.throwIfAborted();
      return err(`${file.name} in the model package ${directory} cannot be read: ${(error as Error).message}`);
    }
    if (hash.digest('hex') !== file.sha256) {
      return err(
        `${file.name} in the model package ${directory} is not the file that was built (its SHA-256 differs); ` +
          'build the package again',
      );
    }
  }
  return opened;
}

/** Every file of a package but the manifest itself. */
export function packageFiles(manifest: ModelManifest): readonly PackageFile[] {
  const { graph, tokenizer, vocabulary, weights } = manifest.files;
  const headFiles = manifest.heads.flatMap((heads) => [heads.graph, ...heads.weights]);
  return [
    graph,
    tokenizer,
    vocabulary,
    ...weights,
    ...headFiles,
    ...(manifest.ngrams === undefined ? [] : [manifest.ngrams.file]),
  ];
}

async function readManifest(directory: string): Promise<Result<ModelManifest, string>> {
  const file = path.join(directory, 'manifest.json');
  const bytes = await sizeOf(file);
  if (bytes === undefined) {
    return err(`there is no model package in ${directory}: it has no manifest.json`);
  }
  if (bytes > MAX_MANIFEST_BYTES) {
    return err(`${file} has ${bytes} bytes, which no manifest has; build the package again`);
  }
  try {
    const parsed = parseManifest(JSON.parse(await readFile(file, 'utf8')));
    return parsed.ok ? parsed : err(`${file} cannot be used: ${parsed.error}`);
  } catch (error) {
    return error instanceof SyntaxError
      ? err(`${file} is damaged: it is not JSON; build the package again`)
      : err(`${file} cannot be read: ${describeSystemError(error)}`);
  }
}

/** Undefined when there is no such file; links count as what they point to, since the hash decides. */
async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const entry = await stat(file);
    return entry.isFile() ? entry.size : undefined;
  } catch {
    // Missing, unreadable and not a path all mean the same to the caller: the file is not there to be used.
    return undefined;
  }
}
