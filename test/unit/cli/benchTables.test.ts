import { strict as assert } from 'node:assert';
import type { GroupFigures, MethodFigures } from '../../../src/cli/benchFigures.ts';
import { calibrationTable, groupTable, methodTable } from '../../../src/cli/benchTables.ts';

function group(speedup: number | null): GroupFigures {
  return {
    rows: 3,
    withoutDecoding: 0,
    tokensPerForward: speedup,
    tokensPerSecond: speedup === null ? null : 20 * speedup,
    speedup: { median: speedup, geomean: speedup },
    speedupWhole: { median: speedup, geomean: speedup },
    identical: 1,
    latencyMs: { p50: 200, p95: 400 },
    latencyWholeMs: { p50: 2000, p95: 4000 },
    share: { prefill: 0.2, draft: 0, verify: 0.75, other: 0.05 },
  };
}

function method(speedup: number | null, perLanguage: number | null): MethodFigures {
  return {
    ...group(speedup),
    drafted: 0,
    accepted: 0,
    draftedByPosition: [],
    acceptedByPosition: [],
    acceptedBySource: {},
    calibration: [{ source: 'lookup', upTo: 0.8, tokens: 12, expected: 0.7, observed: 0.75 }],
    tokensPerForwardByRound: [],
    differing: [],
    byLanguage: { go: group(perLanguage) },
    byKind: { line: group(speedup) },
  };
}

describe('tables of a benchmark', () => {
  it('have a line per method, and a dash where there is nothing to compare', () => {
    assert.deepEqual(
      methodTable({ off: method(1, 1), auto: method(null, null) }).map((line) => line.replaceAll(/ {2,}/g, ' | ')),
      [
        ' | tokens/forward | tokens/s | speed-up | geomean | whole | identical | p50 | p95 | prefill | draft | verify | other',
        'off | 1.00 | 20.0 | 1.00× | 1.00× | 1.00× | 100.0 % | 200 ms | 400 ms | 20.0 % | 0.0 % | 75.0 % | 5.0 %',
        'auto | - | - | - | - | - | 100.0 % | 200 ms | 400 ms | 20.0 % | 0.0 % | 75.0 % | 5.0 %',
      ],
    );
  });

  it('have a line per kind and language, with the drafting methods side by side', () => {
    const lines = groupTable({ off: method(1, 1), lookup: method(1.5, 1.25), auto: method(2, null) });
    assert.deepEqual(
      lines.map((line) => line.replaceAll(/ {2,}/g, ' | ')),
      [
        ' | rows | lookup | tokens/forward | auto | tokens/forward',
        'line | 3 | 1.50× | 1.50 | 2.00× | 2.00',
        'go | 3 | 1.25× | 1.25 | - | -',
      ],
    );
  });

  it('set expected beside observed acceptance', () => {
    const lines = calibrationTable({ auto: method(2, 2) }).map((line) => line.trim().replaceAll(/ {2,}/g, ' | '));
    assert.equal(lines[1], 'auto | lookup | to 0.8 | 12 | 70.0 % | 75.0 %');
  });
});
