import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import type { LoadedModel } from '../../../engine/generate.ts';
import type { ModelManifest } from '../../../model/manifest.ts';
import type { Device } from '../../protocol.ts';
import { loadTokenizer } from '../loadTokenizer.ts';
import { OnnxTargetModel } from './onnxTargetModel.ts';

/** Devices this version can run on. */
export type RunnableDevice = Extract<Device, 'cpu' | 'webgpu'>;

export interface LoadOptions {
  readonly device: RunnableDevice;
  /** 0 chooses by the number of cores. */
  readonly threads: number;
}

/**
 * Loads a package whose files `openPackage` found in place.
 *
 * Throws what the runtime throws: a graph it cannot read, a device that is not there.
 */
export async function loadModel(
  directory: string,
  manifest: ModelManifest,
  options: LoadOptions,
): Promise<{ readonly model: LoadedModel; readonly threads: number }> {
  const threads = options.threads === 0 ? defaultThreads() : options.threads;
  const session = await InferenceSession.create(
    join(directory, manifest.files.graph.name),
    sessionOptions(manifest, options.device, threads),
  );
  const tokenizer = await loadTokenizer(directory, manifest);
  const target = new OnnxTargetModel(session, manifest.shape, { keepsCacheOnDevice: options.device !== 'cpu' });
  return {
    model: { target, tokenizer, control: manifest.fillInTheMiddle },
    threads,
  };
}

/** Every physical core, as far as can be told; from eight logical ones on, half of them are taken for hyper-threads. */
function defaultThreads(): number {
  const logical = availableParallelism();
  return logical < 8 ? logical : Math.ceil(logical / 2);
}

/** CPU values: measured facts in ARCHITECTURE.md. */
function sessionOptions(
  manifest: ModelManifest,
  device: RunnableDevice,
  threads: number,
): InferenceSession.SessionOptions {
  const common: InferenceSession.SessionOptions = {
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    interOpNumThreads: 1,
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  };
  if (device === 'cpu') {
    return { ...common, executionProviders: ['cpu'], enableCpuMemArena: true };
  }
  const locations: Record<string, 'cpu' | 'gpu-buffer'> = {};
  for (const name of ['top_ids', 'top_logits', 'lse', 'entropy', 'want_logits', 'hidden', 'new_rows', 'logits']) {
    locations[name] = 'cpu';
  }
  for (let layer = 0; layer < manifest.shape.layers; layer++) {
    locations[`present.${layer}.key`] = 'gpu-buffer';
    locations[`present.${layer}.value`] = 'gpu-buffer';
  }
  return { ...common, executionProviders: [device], preferredOutputLocation: locations };
}
