import type { ProgressStream } from './progressBar.ts';

/** Shows how many of a known number of things are done. */
export interface Counter {
  /** Takes the number of things done, or their share where the counter is one of shares. */
  readonly update: (done: number) => void;
  /** Leaves the cursor on a line of its own. Call before writing anything else. */
  readonly finish: () => void;
}

/**
 * A count for a person: on a terminal one line that is rewritten, elsewhere a line at each tenth. Writes to stderr unless
 * told otherwise.
 */
export function createCounter(noun: string, total: number, stream: ProgressStream = process.stderr): Counter {
  return createStepCounter((done) => `${done} of ${total} ${noun}`, total, stream);
}

/** The same for work that reports its share, 0–1. */
export function createShareCounter(label: string, stream: ProgressStream = process.stderr): Counter {
  const counter = createStepCounter((done) => `${label}: ${done} %`, 100, stream);
  return { ...counter, update: (fraction) => counter.update(Math.floor(100 * fraction)) };
}

function createStepCounter(describe: (done: number) => string, total: number, stream: ProgressStream): Counter {
  let shownTenth = 0;
  let hasOpenLine = false;
  return {
    update: (done) => {
      if (stream.isTTY) {
        stream.write(`\r\u001b[K${describe(done)}`);
        hasOpenLine = true;
        return;
      }
      const tenth = Math.floor((10 * done) / total);
      if (tenth > shownTenth) {
        shownTenth = tenth;
        stream.write(`${describe(done)}\n`);
      }
    },
    finish: () => {
      if (hasOpenLine) {
        stream.write('\n');
        hasOpenLine = false;
      }
    },
  };
}
