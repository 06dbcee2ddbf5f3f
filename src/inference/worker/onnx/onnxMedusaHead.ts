import type { InferenceSession } from 'onnxruntime-node';
import { Tensor } from 'onnxruntime-node';
import type { HeadCalibration, HeadGuesses, MedusaHead } from '../../../engine/draft/draftHead.ts';
import type { PackageHeads } from '../../../model/manifest.ts';
import { HEAD_GUESSES } from '../../../model/manifest.ts';

/**
 * Medusa heads on ONNX Runtime; the graph is `medusaGraph` of `model/onnx/headGraphs.ts`. They are loaded at their first draft: `auto`
 * does without them where there is an `mtp` head, and they take 43 MB. Where that fails they guess nothing: the text is the same without them.
 */
export class OnnxMedusaHead implements MedusaHead {
  readonly calibration: HeadCalibration;
  private readonly open: () => Promise<InferenceSession | undefined>;
  private readonly depth: number;
  private session: Promise<InferenceSession | undefined> | undefined;

  /** The head owns the session that `open` gives. */
  constructor(open: () => Promise<InferenceSession | undefined>, { calibration, depth }: PackageHeads) {
    this.open = open;
    this.calibration = calibration;
    this.depth = depth;
  }

  async run(hidden: Float32Array, lastToken: number): Promise<readonly HeadGuesses[]> {
    this.session ??= this.open();
    const session = await this.session;
    if (session === undefined) {
      return [];
    }
    const results = await session.run({
      hidden: new Tensor('float32', hidden, [1, hidden.length]),
      last_token: new Tensor('int64', BigInt64Array.of(BigInt(lastToken)), [1]),
    });
    return Array.from({ length: this.depth }, (_, head) => readGuesses(results, head));
  }

  async dispose(): Promise<void> {
    const session = await this.session;
    await session?.release();
  }
}

/** One row of the outputs `ids` and `probabilities` of a head graph. */
export function readGuesses(results: Awaited<ReturnType<InferenceSession['run']>>, row: number): HeadGuesses {
  const ids = results.ids!.data as BigInt64Array;
  const probabilities = results.probabilities!.data as Float32Array;
  const start = row * HEAD_GUESSES;
  return {
    ids: Array.from(ids.subarray(start, start + HEAD_GUESSES), Number),
    probabilities: Array.from(probabilities.subarray(start, start + HEAD_GUESSES)),
  };
}
