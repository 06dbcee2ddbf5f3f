import { strict as assert } from 'node:assert';
import { scoreCompletion, summarize, summarizeByQuietness } from '../../../src/cli/evalMetrics.ts';

describe('evaluation metrics', () => {
  const cases: readonly (readonly [
    completion: string,
    middle: string,
    firstLine: boolean,
    whole: boolean,
    why: string,
  ])[] = [
    ['return x', 'return x', true, true, 'the same text'],
    ['return x  ', 'return x', true, true, 'white space at the end aside'],
    ['a\r\nb', 'a\nb', true, true, 'line endings aside'],
    ['a\nc', 'a\nb', true, false, 'only the first line the same'],
    [' return x', 'return x', false, false, 'white space at the start counts'],
    ['', 'return x', false, false, 'no completion'],
  ];
  for (const [completion, middle, exactFirstLine, exactWhole, why] of cases) {
    it(`compares first line and whole: ${why}`, () => {
      const score = scoreCompletion(completion, { middle, suffix: '' }, true);
      assert.deepEqual([score.exactFirstLine, score.exactWhole], [exactFirstLine, exactWhole]);
    });
  }

  const endings: readonly (readonly [
    completion: string,
    ended: boolean,
    tooEarly: boolean,
    repeats: boolean,
    why: string,
  ])[] = [
    ['a();\n  b();', true, false, false, 'at the right place'],
    ['a();', true, true, false, 'too early'],
    ['a();\n', true, true, false, 'too early, after a line feed'],
    ['a();', false, false, false, 'cut by a limit'],
    ['a();\r\n  b();\r\n', true, false, false, 'a line feed too late'],
    ['a();\n  c();', true, false, false, 'with another line'],
    ['a();\n  b();\n  return total;', true, false, true, 'after writing the next line again'],
    ['  return total;', true, false, false, 'with the next line in the place of the first'],
    ['a();\n}', true, false, false, 'with a short line that stands there again'],
  ];
  for (const [completion, ended, endedTooEarly, repeatsSuffix, why] of endings) {
    it(`say how a text ends: ${why}`, () => {
      const position = { middle: 'a();\n  b();', suffix: ' // rest\n}\n  return total;\n' };
      const score = scoreCompletion(completion, position, ended);
      assert.deepEqual([score.ended, score.endedTooEarly, score.repeatsSuffix], [ended, endedTooEarly, repeatsSuffix]);
    });
  }

  it('are rates and means over all rows, per language and per kind', () => {
    const row = (language: string, kind: string, completion: string) => ({
      position: { language, kind },
      score: scoreCompletion(completion, { middle: 'abcd', suffix: '' }, completion === 'abcd'),
    });
    const { byLanguage, byKind, ...all } = summarize([
      row('go', 'line', 'abcd'),
      row('go', 'block', ''),
      row('python', 'line', 'abxx'),
      row('python', 'line', 'abcd'),
    ]);
    const group = (rows: number, exact: number, editSimilarity: number) => ({
      rows,
      exactFirstLine: exact,
      exactWhole: exact,
      editSimilarity,
      ended: exact,
      endedTooEarly: 0,
      repeatsSuffix: 0,
    });
    assert.deepEqual(
      { all, byLanguage, byKind },
      {
        all: group(4, 0.5, 0.625),
        byLanguage: { go: group(2, 0.5, 0.5), python: group(2, 0.5, 0.75) },
        byKind: { block: group(1, 0, 0), line: group(3, 2 / 3, 2.5 / 3) },
      },
    );
  });
});

describe('what quietness leaves', () => {
  it('is the share that is shown, and how often that is right', () => {
    const row = (text: string, confidence: number | undefined, exactFirstLine: boolean) => ({
      text,
      confidence,
      score: { exactFirstLine },
    });
    const rows = [
      row('a', 0.9, true),
      row('b', 0.4, true),
      row('c', 0.04, false),
      row('', 0.9, false),
      row('d', undefined, false),
    ];
    const byQuietness = new Map(summarizeByQuietness(rows).map((summary) => [summary.quietness, summary]));
    assert.deepEqual(byQuietness.get(0), { quietness: 0, shown: 1, exactFirstLine: 0.5 });
    assert.deepEqual(byQuietness.get(5), { quietness: 5, shown: 0.75, exactFirstLine: 2 / 3 });
    assert.deepEqual(byQuietness.get(50), { quietness: 50, shown: 0.5, exactFirstLine: 0.5 });
  });
});
