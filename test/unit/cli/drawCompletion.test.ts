import { strict as assert } from 'node:assert';
import { drawCompletion } from '../../../src/cli/drawCompletion.ts';
import { snapshotAt } from '../../../src/pipeline/context/documentSnapshot.ts';

function draw(rawText: string, line: number, column: number, text: string, replaceChars = 0): readonly string[] {
  const snapshot = snapshotAt({ documentId: 'a', languageId: 'python', rawText }, line, column);
  return drawCompletion(snapshot!, { text, replaceChars }, line, { start: '«', end: '»' });
}

describe('a drawn completion', () => {
  it('stands in its place between the lines around it, with the line numbers of an editor', () => {
    const file = 'import math\n\n\n\ndef area(r):\n    return \n\n\nprint(area(2))\n';
    assert.deepEqual(draw(file, 5, 11, 'math.pi * r'), [
      '  3 |',
      '  4 |',
      '  5 | def area(r):',
      '  6 |     return «math.pi * r»',
      '  7 |',
      '  8 |',
    ]);
  });

  it('may have several lines, and text after it', () => {
    assert.deepEqual(draw('f(', 0, 2, 'a,\n  b)'), ['  1 | f(«a,»', '  2 | «  b)»']);
    assert.deepEqual(draw('f()', 0, 2, 'a'), ['  1 | f(«a»)']);
  });

  it('takes the place of what it covers after the cursor', () => {
    assert.deepEqual(draw('if ()', 0, 4, 'a) {', 1), ['  1 | if («a) {»']);
  });
});
