import type { InferenceSession } from 'onnxruntime-node';
import { Tensor } from 'onnxruntime-node';
import type { HeadCalibration, HeadGuesses, MedusaHead } from '../../../engine/draft/draftHead.ts';
import type { PackageHeads } from '../../../model/manifest.ts';
import { HEAD_GUESSES } from '../../../model/manifest.ts';

/** Medusa heads on ONNX Runtime; the graph is `medusaGraph` of `model/onnx/headGraphs.ts`. */
export class OnnxMedusaHead implements MedusaHead {
  readonly calibration: HeadCalibration;
  private readonly session: InferenceSession;
  private readonly depth: number;

  /** The head owns the session from here on. */
  constructor(session: InferenceSession, { calibration, depth }: PackageHeads) {
    this.session = session;
    this.calibration = calibration;
    this.depth = depth;
  }

  async run(hidden: Float32Array, lastToken: number): Promise<readonly HeadGuesses[]> {
    const results = await this.session.run({
      hidden: new Tensor('float32', hidden, [1, hidden.length]),
      last_token: new Tensor('int64', BigInt64Array.of(BigInt(lastToken)), [1]),
    });
    return Array.from({ length: this.depth }, (_, head) => readGuesses(results, head));
  }

  async dispose(): Promise<void> {
    await this.session.release();
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
