/** What every command is given: where the product's own files are, and the signal that the user wants it to end. */
export interface CliEnvironment {
  /** Folder that holds `models/`, the catalogue. */
  readonly root: string;
  /** The worker's bundle; its engine thread lies beside it. */
  readonly workerScript: string;
  /** Aborted by Ctrl+C. */
  readonly interrupt: AbortSignal;
}
