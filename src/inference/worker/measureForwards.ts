import type { Clock } from '../../base/clock.ts';
import type { TargetModel } from '../../engine/targetModel.ts';
import { chainRows } from '../../engine/targetModel.ts';
import type { MeasureParameters, MeasureResult } from '../protocol.ts';

/** Times forwards of the loaded model: the cost curve c(T) over a context, and prefill. Row counts are timed in turn, so that drift of the machine hits all of them alike. */
export async function measureForwards(
  model: TargetModel,
  parameters: MeasureParameters,
  clock: Clock,
): Promise<MeasureResult> {
  const cache = model.createCache();
  try {
    const timeForward = async (rowCount: number): Promise<number> => {
      const rows = chainRows(Array.from({ length: rowCount }, (_, row) => 100 + row));
      const startMs = clock.now();
      await model.forward(cache, rows, { rows: rows.tokens.map((_, row) => row), detail: 'top' });
      return clock.now() - startMs;
    };
    const prefill = (): Promise<number> => fill(model, cache, parameters.contextTokens, clock);
    await prefill();
    const prefillMs: number[] = [];
    for (let run = 0; run < 3; run++) {
      cache.truncate(0);
      prefillMs.push(await prefill());
    }
    const times = new Map<number, number[]>(parameters.rowCounts.map((rowCount) => [rowCount, []]));
    for (let run = -1; run < parameters.runs; run++) {
      for (const [rowCount, samples] of times) {
        const ms = await timeForward(rowCount);
        // The first round warms up kernels and memory.
        if (run >= 0) {
          samples.push(ms);
        }
      }
    }
    const summarize = (choose: (samples: readonly number[]) => number) =>
      Object.fromEntries([...times].map(([rowCount, samples]) => [String(rowCount), choose(samples)]));
    return {
      msPerForward: summarize(median),
      fastestMsPerForward: summarize((samples) => Math.min(...samples)),
      prefillTokensPerSecond: (parameters.contextTokens * 1000) / median(prefillMs),
      residentBytes: process.memoryUsage().rss,
    };
  } finally {
    cache.dispose();
  }
}

/** Prefills arbitrary tokens, in the chunks that requests use; milliseconds. */
async function fill(
  model: TargetModel,
  cache: ReturnType<TargetModel['createCache']>,
  tokens: number,
  clock: Clock,
): Promise<number> {
  const startMs = clock.now();
  for (let start = 0; start < tokens; start += model.prefillChunkTokens) {
    const count = Math.min(model.prefillChunkTokens, tokens - start);
    const rows = chainRows(Array.from({ length: count }, (_, row) => 100 + ((start + row) % 500)));
    await model.forward(cache, rows, { rows: [count - 1], detail: 'top' });
    cache.commit(rows.tokens.map((_, row) => row));
  }
  return clock.now() - startMs;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
