import assert from 'node:assert/strict';
import { createProgressBar } from '../../../src/cli/progressBar.ts';

describe('createProgressBar', () => {
  function draw(isTTY: boolean, updates: readonly (readonly [string, number, number])[]): string {
    let text = '';
    let nowMs = 0;
    const stream = { isTTY, columns: 200, write: (piece: string) => (text += piece) };
    const bar = createProgressBar(stream, () => nowMs);
    for (const [label, megabytes, seconds] of updates) {
      nowMs = seconds * 1000;
      bar.update(label, megabytes * 1e6, 200e6);
    }
    bar.finish();
    return text;
  }

  it('rewrites one line on a terminal and shows speed and time left once they are known', () => {
    const text = draw(true, [
      ['download', 0, 0],
      ['download', 50, 2],
      ['download', 200, 8],
    ]);
    assert.equal(
      text,
      '\r\u001b[Kdownload 0% (0 of 200 MB)' +
        '\r\u001b[Kdownload 25% (50 of 200 MB) 25.0 MB/s, 6 s left' +
        '\r\u001b[Kdownload 100% (200 of 200 MB) 25.0 MB/s\n',
    );
  });

  it('writes a line at each tenth elsewhere', () => {
    const text = draw(
      false,
      [0, 10, 19, 20, 21, 39, 40].map((megabytes) => ['download', megabytes, 0] as const),
    );
    assert.equal(text, 'download 0% (0 of 200 MB)\ndownload 10% (20 of 200 MB)\ndownload 20% (40 of 200 MB)\n');
  });

  it('measures a new piece of work, and one that began again, afresh', () => {
    const text = draw(false, [
      ['one', 100, 0],
      ['two', 0, 5],
      ['two', 20, 15],
      ['one', 60, 16],
      ['one', 0, 100],
    ]);
    assert.deepEqual(text.trimEnd().split('\n'), [
      'one 50% (100 of 200 MB)',
      'two 0% (0 of 200 MB)',
      'two 10% (20 of 200 MB) 2.0 MB/s, 1 min 30 s left',
      'one 30% (60 of 200 MB)',
      'one 0% (0 of 200 MB)',
    ]);
  });
});
