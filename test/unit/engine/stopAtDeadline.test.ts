import assert from 'node:assert/strict';
import { stopAtDeadline } from '../../../src/engine/stop/stopAtDeadline.ts';

describe('stopAtDeadline', () => {
  for (const [name, text, kept] of [
    ['goes on in the first line', 'x = ma', undefined],
    ['goes on while only blank lines are whole', '\n    ret', undefined],
    ['ends after the first whole line', 'a = 1\nb =', 'a = 1'],
    ['ends after the last whole line', '\n  a = 1\n  b = 2\n  c', '\n  a = 1\n  b = 2'],
    ['leaves blank lines out', 'a = 1\n\n\nb', 'a = 1'],
  ] as const) {
    it(name, () => {
      const stop = stopAtDeadline(text);
      assert.equal(stop && text.slice(0, stop.keep), kept);
      assert.equal(stop?.reason ?? 'deadline', 'deadline');
    });
  }
});
