/** What the drafters need from learned draft heads; the runtime behind it is ONNX Runtime in the worker. */

/** How often a head's guesses turned out right when it was calibrated, as a function of depth and its own probability. */
export interface HeadCalibration {
  /** Upper bounds of the bins, inclusive, ascending; the last one is 1. */
  readonly probabilityBins: readonly number[];
  /**
   * `(depth, bin)`: share of the guesses at this depth with a probability in this bin that the target model wrote, given
   * that it wrote what the guess follows.
   */
  readonly acceptance: readonly (readonly number[])[];
}

/** Best guesses for one place, best first; equally long. */
export interface HeadGuesses {
  /** Token ids of the full vocabulary, all different. */
  readonly ids: readonly number[];
  /** The head's own probabilities, over its draft vocabulary. */
  readonly probabilities: readonly number[];
}

/** Heads that guess several tokens at once from one hidden state (Medusa, arXiv 2401.10774). */
export interface MedusaHead {
  readonly calibration: HeadCalibration;
  /**
   * Guesses for the tokens after `lastToken`, one entry per head: the first follows it directly.
   *
   * `hidden` is the target model's final hidden state of the token before `lastToken`; it is only read.
   */
  run(hidden: Float32Array, lastToken: number): Promise<readonly HeadGuesses[]>;
}

/** Rows for `MtpHead.run`. */
export interface MtpRows {
  /** `(rows, hidden size)`; only read. */
  readonly hidden: Float32Array;
  /** The token that follows each row. */
  readonly nextTokens: readonly number[];
}

/**
 * A transformer block that guesses the token after the next one, row by row, and can be fed its own output
 * (DeepSeek-V3, arXiv 2412.19437 §2.2). It keeps the rows that it has seen, of which it attends to the last `window`.
 */
export interface MtpHead {
  readonly calibration: HeadCalibration;
  /** Rows that a row attends to at most, itself included. */
  readonly window: number;
  /** Whose rows it keeps: several drafters may share a head, for one request at a time. */
  user?: object;
  /** Rows kept now; never fewer than `window` where more have been run. */
  readonly rowCount: number;
  /** Runs 1 to `window` rows after the kept ones and keeps them. */
  run(rows: MtpRows): Promise<MtpResult>;
  /** Forgets the last `count` rows. */
  forgetLast(count: number): void;
  /** Forgets every row. */
  clear(): void;
}

export interface MtpResult {
  /** Guesses for the token after the last row's next token. */
  readonly guesses: HeadGuesses;
  /** Output of the last row, which stands for the hidden state of the drafted token's row; valid until the next run. */
  readonly state: Float32Array;
}

/** Chance of a guess of a bucket as far as it is known by now; `prior` is what the calibration says. */
export type ChanceEstimate = (bucket: number, prior: number) => number;

/**
 * Bucket of a head's guess: depth × probability bin, `depth · bins + bin`; `DraftNode.bucket` of the sources medusa and mtp.
 *
 * `depth` 0 is the token after the last known one. Depths beyond the calibrated ones count as the last.
 */
export function headBucket(calibration: HeadCalibration, depth: number, probability: number): number {
  const { probabilityBins, acceptance } = calibration;
  const found = probabilityBins.findIndex((upperBound) => probability <= upperBound);
  // Rounding can put a probability above 1.
  const bin = found === -1 ? probabilityBins.length - 1 : found;
  return Math.min(depth, acceptance.length - 1) * probabilityBins.length + bin;
}

/** What the calibration says about a bucket, 0–1. */
export function priorChance(calibration: HeadCalibration, bucket: number): number {
  const bins = calibration.probabilityBins.length;
  return calibration.acceptance[Math.floor(bucket / bins)]![bucket % bins]!;
}
