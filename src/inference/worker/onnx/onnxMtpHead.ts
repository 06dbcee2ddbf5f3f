import type { InferenceSession } from 'onnxruntime-node';
import { Tensor } from 'onnxruntime-node';
import type { HeadCalibration, MtpHead, MtpResult, MtpRows } from '../../../engine/draft/draftHead.ts';
import type { ModelShape, PackageHeads } from '../../../model/manifest.ts';
import { readGuesses } from './onnxMedusaHead.ts';
import { WindowCache } from './windowCache.ts';

/** A multi-token prediction block on ONNX Runtime; the graph is `mtpGraph` of `model/onnx/headGraphs.ts`. */
export class OnnxMtpHead implements MtpHead {
  readonly calibration: HeadCalibration;
  readonly window: number;
  private readonly session: InferenceSession;
  private readonly cacheDimensions: readonly number[];
  private readonly cache: WindowCache;
  /**
   * Position of the next row, counted from the first row since `clear`. The block was trained with positions in the text,
   * but rotary attention sees differences only, and the window's first row is as good an origin.
   */
  private nextPosition = 0;

  /** The head owns the session from here on. */
  constructor(session: InferenceSession, heads: PackageHeads, { keyValueHeads, headSize }: ModelShape) {
    this.session = session;
    this.calibration = heads.calibration;
    this.window = heads.window;
    this.cache = new WindowCache({ keyValueHeads, headSize, window: heads.window });
    this.cacheDimensions = [1, keyValueHeads, this.cache.capacity, headSize];
  }

  get rowCount(): number {
    return this.cache.rowCount;
  }

  async run({ hidden, nextTokens }: MtpRows): Promise<MtpResult> {
    const { cache } = this;
    const count = nextTokens.length;
    if (count < 1 || count > this.window) {
      throw new Error(`${count} rows do not fit a window of ${this.window}`);
    }
    cache.reserve(count);
    const total = cache.rowCount + count;
    const positions = nextTokens.map((_, row) => BigInt(this.nextPosition + row));
    const results = await this.session.run({
      hidden: new Tensor('float32', hidden, [1, count, hidden.length / count]),
      next_ids: new Tensor('int64', BigInt64Array.from(nextTokens, BigInt), [1, count]),
      position_ids: new Tensor('int64', BigInt64Array.from(positions), [1, count]),
      seqlens_k: new Tensor('int32', Int32Array.of(total - 1), [1]),
      total_sequence_length: new Tensor('int32', Int32Array.of(total), []),
      past_key: new Tensor('float32', cache.keys, this.cacheDimensions),
      past_value: new Tensor('float32', cache.values, this.cacheDimensions),
    });
    cache.append(results.new_rows!.data as Float32Array);
    this.nextPosition += count;
    return { guesses: readGuesses(results, 0), state: results.state!.data as Float32Array };
  }

  forgetLast(count: number): void {
    this.nextPosition = Math.max(0, this.nextPosition - count);
    this.cache.forgetLast(count);
  }

  clear(): void {
    this.nextPosition = 0;
    this.cache.forgetLast(this.cache.rowCount);
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}
