/** The part of a terminal stream that is needed here; `process.stderr` is one. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressBar {
  /** Shows how far one piece of work is. A new label begins a new piece: its speed is measured afresh. */
  readonly update: (label: string, doneBytes: number, totalBytes: number) => void;
  /** Leaves the last state on the screen and the cursor below it. Call before writing anything else. */
  readonly finish: () => void;
}

/** Work on speed and time left is only shown once it has been watched for this long. */
const MIN_MEASURED_MS = 1000;
const STEP_PERCENT = 10;

/**
 * Progress of a transfer for a person: on a terminal one line that is rewritten, elsewhere a line at each tenth.
 *
 * Writes to stderr unless told otherwise, so that stdout stays the command's result. `nowMs` is a monotonic clock.
 */
export function createProgressBar(
  stream: ProgressStream = process.stderr,
  nowMs: () => number = () => performance.now(),
): ProgressBar {
  let label: string | undefined;
  let startMs = 0;
  let startBytes = 0;
  let shownStep = -1;
  let hasOpenLine = false;

  function finish(): void {
    if (hasOpenLine) {
      stream.write('\n');
      hasOpenLine = false;
    }
  }

  function update(nextLabel: string, doneBytes: number, totalBytes: number): void {
    // Bytes that go back mean another source or a second try: the old speed says nothing about it.
    if (nextLabel !== label || doneBytes < startBytes) {
      finish();
      label = nextLabel;
      startMs = nowMs();
      startBytes = doneBytes;
      shownStep = -1;
    }
    const percent = totalBytes > 0 ? Math.floor((100 * doneBytes) / totalBytes) : 0;
    const text = describe(nextLabel, percent, doneBytes, totalBytes, nowMs() - startMs, doneBytes - startBytes);
    if (stream.isTTY) {
      stream.write(`\r\u001b[K${text.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
      hasOpenLine = true;
      return;
    }
    const step = Math.floor(percent / STEP_PERCENT);
    if (step > shownStep) {
      shownStep = step;
      stream.write(`${text}\n`);
    }
  }

  return { update, finish };
}

function describe(
  label: string,
  percent: number,
  doneBytes: number,
  totalBytes: number,
  elapsedMs: number,
  newBytes: number,
): string {
  const amount = `${label} ${percent}% (${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB)`;
  if (elapsedMs < MIN_MEASURED_MS || newBytes <= 0) {
    return amount;
  }
  const bytesPerSecond = (newBytes * 1000) / elapsedMs;
  const speed = `${amount} ${(bytesPerSecond / 1e6).toFixed(1)} MB/s`;
  return doneBytes >= totalBytes
    ? speed
    : `${speed}, ${describeSeconds((totalBytes - doneBytes) / bytesPerSecond)} left`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function describeSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
