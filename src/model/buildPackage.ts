import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { Result } from '../base/result.ts';
import { err } from '../base/result.ts';
import { adapterSource } from './adapter/adapterSource.ts';
import type { AdapterChoice } from './adapter/chooseAdapter.ts';
import { loadAdapter } from './adapter/chooseAdapter.ts';
import { readGguf } from './gguf/readGguf.ts';
import type { ModelManifest, Quantization } from './manifest.ts';
import { ModelError } from './modelError.ts';
import { loadSmoothing, smoothedSource } from './quantize/smoothing.ts';
import { openGgufSource } from './source/ggufSource.ts';
import type { BuildFailure } from './writePackage.ts';
import { buildFailure, writePackage } from './writePackage.ts';

export interface BuildPackageOptions {
  readonly ggufPath: string;
  /** The package folder; replaced as a whole when the build succeeds. */
  readonly outDir: string;
  readonly id: string;
  readonly quantization: Quantization;
  readonly licence: string;
  /** Holds `models/`, where smoothing factors lie. Without it, and for weights of no catalogue model, there are none. */
  readonly catalogueRoot?: string | undefined;
  /** The adapter that is merged into the weights before they are quantised. Defaults to none. */
  readonly adapter?: AdapterChoice | undefined;
  /** Called often, with the share of the work done, 0–1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** Hashing the source takes about this share of a build. */
const HASHING_SHARE = 0.1;

/**
 * Builds a model package from a local GGUF file and, where one is chosen, an adapter for it, the weights streamed through
 * a few megabytes of memory.
 *
 * The event loop runs between chunks, so the process can answer messages; `signal` is looked at there. A failed or
 * cancelled build leaves nothing behind and an older package untouched.
 */
export async function buildPackage(options: BuildPackageOptions): Promise<Result<ModelManifest, BuildFailure>> {
  const { ggufPath, outDir, onProgress = () => undefined, signal = new AbortController().signal } = options;
  const file = readGguf(ggufPath);
  if (!file.ok) {
    return err({ reason: 'damaged', message: file.error });
  }
  try {
    const source = await openGgufSource(file.value);
    try {
      const sha256 = await hashFile(ggufPath, signal, (bytes) =>
        onProgress((HASHING_SHARE * bytes) / file.value.bytes),
      );
      const adapter = await loadAdapter(options.adapter ?? { kind: 'none' }, sha256);
      if (!adapter.ok) {
        return err({ reason: 'damaged', message: adapter.error });
      }
      const merged = adapter.value === undefined ? source : adapterSource(source, adapter.value);
      const { id, quantization, licence } = options;
      const smoothing =
        quantization === 'w8a8' && options.catalogueRoot !== undefined
          ? await loadSmoothing(options.catalogueRoot, sha256)
          : undefined;
      const description = {
        id,
        quantization,
        licence,
        source: { name: path.basename(ggufPath), sha256 },
        adapterSha256: adapter.value?.sha256,
      };
      return await writePackage(
        smoothing === undefined ? merged : smoothedSource(merged, smoothing),
        outDir,
        description,
        {
          signal,
          onProgress: (fraction) => onProgress(HASHING_SHARE + (1 - HASHING_SHARE) * fraction),
        },
      );
    } finally {
      await source.close();
    }
  } catch (error) {
    return err(buildFailure(error, ggufPath, outDir));
  }
}

async function hashFile(filePath: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(filePath, { highWaterMark: 1 << 20 })) {
    if (signal.aborted) {
      throw new ModelError('cancelled', 'the build was cancelled');
    }
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    onBytes(bytes);
  }
  return hash.digest('hex');
}
