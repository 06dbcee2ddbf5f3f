import assert from 'node:assert/strict';
import { stopAtFirstText } from '../../../src/engine/stop/stopAtFirstText.ts';

describe('stopAtFirstText', () => {
  for (const [name, text, kept] of [
    ['has nothing of an empty text', '', undefined],
    ['has nothing of a name that may go on', 'total', undefined],
    ['has nothing of two signs', ') {', undefined],
    ['ends after the last whole word', 'sum(items, fir', 'sum(items,'],
    ['ends before an access without its name', 'self.items.', 'self.items'],
    ['ends before an access whose name may go on', 'self.items?.fir', 'self.items'],
    ['ends on the second line where the first is blank', '\n    return to', '\n    return'],
    ['ends after the last whole line', 'a = 1\nb = c + d', 'a = 1'],
    ['has nothing of half a number', 'ab = 3.1', 'ab ='],
    ['ends before dots that are no access', 'join(...ar', 'join('],
    ['ends before an operator that may go on', 'if (a !', 'if (a'],
    ['keeps an operator before a blank', 'if (a != b', 'if (a !='],
    ['has nothing of a name with hyphens', 'background-col', undefined],
    ['takes a letter with its accent for one', 'x = cafe\u0301', undefined],
    ['takes letters of any language for a word', 'x = größe', undefined],
    ['keeps a picture', 'x = "🎉" + na', 'x = "🎉" +'],
  ] as const) {
    it(name, () => {
      const stop = stopAtFirstText(text);
      assert.equal(stop && text.slice(0, stop.keep), kept);
      assert.equal(stop?.reason ?? 'first-text', 'first-text');
    });
  }
});
