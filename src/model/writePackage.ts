import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import { NO_ADAPTER } from './adapter/chooseAdapter.ts';
import { findFillInTheMiddleTokens } from './fillInTheMiddle.ts';
import type { ModelManifest, Quantization } from './manifest.ts';
import { PACKAGE_FORMAT_VERSION, parseManifest } from './manifest.ts';
import type { ModelErrorReason } from './modelError.ts';
import { ModelError } from './modelError.ts';
import { decoderGraph } from './onnx/decoderGraph.ts';
import { encodeOnnxModel } from './onnx/onnxSchema.ts';
import { storeRotaryTables } from './onnx/rotaryTables.ts';
import type { ModelSource } from './source/modelSource.ts';
import { tokenizerJson } from './tokenizerJson.ts';
import { vocabularyFile } from './vocabularyFile.ts';
import { writePackageFile } from './weights/packageFileWriter.ts';
import { WeightFiles } from './weights/weightFiles.ts';
import { planWeights } from './weights/weightPlan.ts';
import { writeWeights } from './weights/writeWeights.ts';

/** Raised when the same source and options would give another package, as when smoothing factors that ship change; it goes into the manifest's provenance. */
export const BUILDER_VERSION = 'foretoken 2';

export interface PackageDescription {
  readonly id: string;
  readonly quantization: Quantization;
  readonly licence: string;
  /** Name and hash of what the weights were read from. */
  readonly source: { readonly name: string; readonly sha256: string };
  /** Hash that identifies the adapter merged into the source. Defaults to none. */
  readonly adapterSha256?: string | undefined;
}

export interface WritePackageOptions {
  /** Called often, with the share of the work done, 0–1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
  /** Defaults to 1 GB. */
  readonly maxWeightFileBytes?: number;
}

export interface BuildFailure {
  readonly reason: ModelErrorReason;
  /** A sentence for the user. */
  readonly message: string;
}

/**
 * Writes a package folder from a model source.
 *
 * Everything goes into a temporary folder beside `outDir`, which takes its place only when the package is whole: a build
 * that fails, is cancelled or is killed leaves a package that was there before as it was.
 */
export async function writePackage(
  source: ModelSource,
  outDir: string,
  description: PackageDescription,
  options: WritePackageOptions = {},
): Promise<Result<ModelManifest, BuildFailure>> {
  const target = path.resolve(outDir);
  const temporary = `${target}.partial-${process.pid}-${Date.now().toString(36)}`;
  try {
    await removeAbandonedBuilds(target);
    await mkdir(temporary, { recursive: true });
    const manifest = await writeFiles(source, temporary, description, options);
    await replaceDirectory(temporary, target);
    return ok(manifest);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    return err(buildFailure(error, description.source.name, target));
  }
}

/** Turns what building `target` from `source` can throw into a sentence; anything unknown is a bug and is thrown on. */
export function buildFailure(error: unknown, source: string, target: string): BuildFailure {
  if (error instanceof ModelError) {
    const { reason, message } = error;
    return { reason, message: reason === 'cancelled' ? message : `${source} cannot be used: ${message}` };
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return { reason: 'disk', message: `the disk of ${target} is full; free some space and try again` };
  }
  if (typeof code === 'string' && code.startsWith('E')) {
    return { reason: 'disk', message: `the package could not be written to ${target}: ${message}` };
  }
  throw error;
}

async function writeFiles(
  source: ModelSource,
  directory: string,
  description: PackageDescription,
  options: WritePackageOptions,
): Promise<ModelManifest> {
  const { shape } = source;
  const fillInTheMiddle = findFillInTheMiddleTokens(source.tokenizer);
  const plan = planWeights(shape, description.quantization, {
    hasAttentionBias: source.hasAttentionBias,
    hasOwnEmbedding: source.embedding !== undefined,
  });
  const files = new WeightFiles(directory, options.maxWeightFileBytes);
  try {
    const weights = await writeWeights(source, plan, files, {
      onProgress: options.onProgress ?? (() => undefined),
      signal: options.signal ?? new AbortController().signal,
    });
    const rotary = await storeRotaryTables(shape, files);
    const tensors = new Map([...weights, ...rotary.map((tensor) => [tensor.name, tensor] as const)]);
    const manifest: ModelManifest = {
      formatVersion: PACKAGE_FORMAT_VERSION,
      id: description.id,
      architecture: source.architecture,
      quantization: description.quantization,
      shape,
      fillInTheMiddle,
      files: {
        graph: await writePackageFile(directory, 'model.onnx', encodeOnnxModel(decoderGraph(shape, plan, tensors))),
        tokenizer: await writePackageFile(directory, 'tokenizer.json', Buffer.from(tokenizerJson(source.tokenizer))),
        vocabulary: await writePackageFile(directory, 'vocabulary.bin', vocabularyFile(source.tokenizer)),
        weights: await files.finish(),
      },
      heads: [],
      licence: description.licence,
      provenance: {
        source: description.source.name,
        sourceSha256: description.source.sha256,
        builder: BUILDER_VERSION,
        adapter: description.adapterSha256 ?? NO_ADAPTER,
      },
    };
    // What the worker would refuse must not be written: the reader's rules are the format.
    const checked = parseManifest(manifest);
    if (!checked.ok) {
      throw new ModelError('unsupported', checked.error);
    }
    await writePackageFile(directory, 'manifest.json', Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`));
    return manifest;
  } finally {
    await files.abandon();
  }
}

/** Puts `directory` where `target` is; what was there is removed last, and put back if the move fails. */
async function replaceDirectory(directory: string, target: string): Promise<void> {
  const previous = `${target}.previous-${process.pid}`;
  const hadPrevious = await stat(target).then(
    () => true,
    () => false,
  );
  if (hadPrevious) {
    await rename(target, previous);
  }
  try {
    await rename(directory, target);
  } catch (error) {
    if (hadPrevious) {
      await rename(previous, target);
    }
    throw error;
  }
  await rm(previous, { recursive: true, force: true });
}

/** Removes what killed builds of this package left behind; a build that still runs is left alone. */
async function removeAbandonedBuilds(target: string): Promise<void> {
  const parent = path.dirname(target);
  const prefix = `${path.basename(target)}.partial-`;
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const owner = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : 0;
    if (owner > 0 && !isRunning(owner)) {
      await rm(path.join(parent, name), { recursive: true, force: true });
    }
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
