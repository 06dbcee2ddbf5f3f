/** Why a model could not be read, built or opened. */
export type ModelErrorReason = 'cancelled' | 'damaged' | 'unsupported' | 'disk';

/** Carries a finished sentence for the user; the functions that users' input reaches turn it into a `Result`. */
export class ModelError extends Error {
  readonly reason: ModelErrorReason;

  constructor(reason: ModelErrorReason, sentence: string) {
    super(sentence);
    this.name = 'ModelError';
    this.reason = reason;
  }
}
