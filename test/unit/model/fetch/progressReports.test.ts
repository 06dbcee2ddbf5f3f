import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';

import type { FetchProgress } from '../../../../src/model/fetch/fetchWeights.ts';
import { ProgressReports } from '../../../../src/model/fetch/progressReports.ts';

describe('ProgressReports', () => {
  let seen: string[];
  let reports: ProgressReports;

  beforeEach(() => {
    seen = [];
    reports = new ProgressReports(({ phase, source, receivedBytes }) =>
      seen.push(`${phase} ${source} ${receivedBytes}`),
    );
  });

  afterEach(() => reports.end());

  function add(phase: FetchProgress['phase'], source: string, ...received: readonly number[]): void {
    for (const receivedBytes of received) {
      reports.add({ phase, source, receivedBytes, totalBytes: 100 });
    }
  }

  it('passes the first of many reports at once, and the latest when no more come', async () => {
    add('download', 'a', 1, 2, 3);
    assert.deepEqual(seen, ['download a 1']);
    await wait(150);
    assert.deepEqual(seen, ['download a 1', 'download a 3']);
  });

  it('passes a change of phase or source and the last byte at once, and what was held back before them never', async () => {
    add('download', 'a', 1, 2);
    add('download', 'b', 3, 4);
    add('verify', 'b', 5, 6, 100);
    await wait(150);
    assert.deepEqual(seen, ['download a 1', 'download b 3', 'verify b 5', 'verify b 100']);
  });

  it('passes nothing on after the end', async () => {
    add('download', 'a', 1, 2);
    reports.end();
    await wait(150);
    assert.deepEqual(seen, ['download a 1']);
  });
});
