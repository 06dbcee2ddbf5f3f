/** Runs a script's work; what it throws becomes one line on stderr, and 1 the exit status. */
export function runScript(work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
