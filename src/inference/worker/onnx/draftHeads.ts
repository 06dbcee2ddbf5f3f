import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import type { MedusaHead, MtpHead } from '../../../engine/draft/draftHead.ts';
import type { HeadMethod, ModelManifest } from '../../../model/manifest.ts';
import { HEAD_METHODS } from '../../../model/manifest.ts';
import { OnnxMedusaHead } from './onnxMedusaHead.ts';
import { OnnxMtpHead } from './onnxMtpHead.ts';

/** The draft heads of a loaded package; whoever loads them disposes them. */
export interface DraftHeads {
  readonly medusa?: MedusaHead;
  readonly mtp?: MtpHead;
  dispose(): Promise<void>;
}

export interface LoadHeadsOptions {
  /** Threads of each head's session. */
  readonly threads: number;
  /** Defaults to every method that the package has heads for. */
  readonly methods?: readonly HeadMethod[];
  /** Hears why heads that are loaded later could not be. */
  readonly warn: (message: string) => void;
}

/**
 * Loads a package's draft heads on the CPU; those that it lacks are undefined.
 *
 * Throws what the runtime throws. Completion needs no heads, so that a failure is no reason not to load the model.
 */
export async function loadDraftHeads(
  directory: string,
  manifest: ModelManifest,
  { threads, methods = HEAD_METHODS, warn }: LoadHeadsOptions,
): Promise<DraftHeads> {
  let medusa: OnnxMedusaHead | undefined;
  let mtp: OnnxMtpHead | undefined;
  const dispose = async (): Promise<void> => {
    await medusa?.dispose();
    await mtp?.dispose();
  };
  try {
    for (const heads of manifest.heads.filter(({ method }) => methods.includes(method))) {
      const open = () => InferenceSession.create(join(directory, heads.graph.name), sessionOptions(threads));
      if (heads.method === 'medusa') {
        const openOrWarn = () =>
          open().catch((error: Error) => {
            warn(`The medusa heads could not be loaded: ${error.message}`);
            return undefined;
          });
        medusa = new OnnxMedusaHead(openOrWarn, heads);
      } else {
        mtp = new OnnxMtpHead(await open(), heads, manifest.shape);
      }
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { ...(medusa === undefined ? {} : { medusa }), ...(mtp === undefined ? {} : { mtp }), dispose };
}

function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    executionProviders: ['cpu'],
    interOpNumThreads: 1,
    intraOpNumThreads: threads,
    enableCpuMemArena: true,
    logSeverityLevel: 3,
    // Threads that wait for this session's next run would take the cores of the target model's: its forward took twice as long.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}
