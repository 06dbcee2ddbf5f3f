/** Bad input: the caller can repair it. Ends the program with status 2. */
export class UsageError extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'UsageError';
  }
}

/** The input was fine and the work failed all the same. Ends the program with status 1. */
export class CommandFailure extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'CommandFailure';
  }
}

/** The user pressed Ctrl+C. Ends the program with status 130 (128 + SIGINT), without a sentence. */
export class InterruptedError extends Error {
  constructor() {
    super('interrupted');
    this.name = 'InterruptedError';
  }
}
