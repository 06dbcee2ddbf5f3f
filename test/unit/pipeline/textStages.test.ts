import assert from 'node:assert/strict';
import { snapshotAt } from '../../../src/pipeline/context/documentSnapshot.ts';
import { cleanCompletion } from '../../../src/pipeline/postprocess/cleanCompletion.ts';
import type { Suggestion } from '../../../src/pipeline/postprocess/suggestion.ts';
import { chooseExtent } from '../../../src/pipeline/prompt/chooseExtent.ts';
import { continueSuggestion, rememberSuggestion } from '../../../src/pipeline/reuse/typeThrough.ts';
import { snapshotOf } from '../../support/markedText.ts';

describe('cleanCompletion', () => {
  const cases: readonly (readonly [
    name: string,
    document: string,
    generated: string,
    stopReason: string,
    shown: string,
  ])[] = [
    ['keeps plain text', 'x = ▮\n', 'a + b', 'line-end', 'a + b'],
    ['takes off trailing white space', 'x = ▮\n', 'a + b  \n', 'stop-token', 'a + b'],
    ['leaves out a closing bracket that is there', 'print(▮)\n', 'name)', 'line-end', 'name'],
    ['leaves out a longer rest of the line', 'f(▮, b);\n', 'a, b);', 'line-end', 'a'],
    ['drops an unfinished last line', 'x\n▮\n', 'a = 1\nb = fun', 'max-tokens', 'a = 1'],
    ['keeps an unfinished only line', 'x = ▮\n', 'some_long_na', 'max-tokens', 'some_long_na'],
    ['says empty for blanks', 'x\n▮\n', '  \n', 'stop-token', 'empty'],
    ['says nothing in a blank document', ' \n▮\n', 'import x', 'line-end', 'blank-document'],
    ['says that only the suffix came back', 'f(▮)\n', ')', 'line-end', 'repeats-suffix'],
    ['says that the next line came back', '▮\nreturn x\n', '', 'suffix-repeats', 'repeats-suffix'],
  ];
  for (const [name, document, generated, stopReason, shown] of cases) {
    it(name, () => {
      const result = cleanCompletion({ text: generated, stopReason }, snapshotOf(document));
      assert.equal(result.kind === 'suggestion' ? result.text : result.reason, shown);
    });
  }

  it('uses the line endings of the document', () => {
    const result = cleanCompletion(
      { text: 'a\nb', stopReason: 'stop-token' },
      snapshotOf('x\n▮', { lineEnding: '\r\n' }),
    );
    assert.equal(result.kind === 'suggestion' && result.text, 'a\r\nb');
  });
});

describe('chooseExtent', () => {
  for (const [document, extent] of [
    ['def f():\n    ▮\n', 'block'],
    ['▮', 'block'],
    ['def f():▮\n', 'block'],
    ['if (a) {▮\n', 'block'],
    ['x = ▮\n', 'single-line'],
    ['f(▮)\n', 'single-line'],
    ['    ▮x\n', 'single-line'],
    ['\n▮\n', 'block'],
  ] as const) {
    it(`is ${extent} for ${JSON.stringify(document)}`, () => {
      assert.equal(chooseExtent(snapshotOf(document)), extent);
    });
  }
});

describe('continueSuggestion', () => {
  const suggestion: Suggestion = { kind: 'suggestion', text: 'append(item)\r\nreturn', replaceChars: 0 };
  const shown = rememberSuggestion(snapshotOf('list.▮\nend'), suggestion);
  for (const [name, document, left] of [
    ['is whole where nothing changed', 'list.▮\nend', 'append(item)\nreturn'],
    ['shrinks as its text is typed', 'list.app▮\nend', 'end(item)\nreturn'],
    ['goes on over its line break', 'list.append(item)\n▮\nend', 'return'],
    ['ends when it is typed out', 'list.append(item)\nreturn▮\nend', undefined],
    ['ends at another letter', 'list.apx▮\nend', undefined],
    ['ends when the text after it changed', 'list.app▮)\nend', undefined],
    ['ends before its place', 'list▮.\nend', undefined],
    ['ends when the text before it changed', 'lost.app▮\nend', undefined],
  ] as const) {
    it(name, () => {
      assert.equal(continueSuggestion(shown, snapshotOf(document))?.text, left);
    });
  }

  it('belongs to its document', () => {
    assert.equal(continueSuggestion(shown, snapshotOf('list.app▮\nend', { documentId: 'other' })), undefined);
  });
});

describe('snapshotAt', () => {
  const at = (rawText: string, line: number, column: number): number | undefined =>
    snapshotAt({ documentId: 'x', languageId: 'python', rawText }, line, column)?.offset;

  it('finds positions in files with either line ending, and none past an end', () => {
    assert.equal(at('ab\ncd', 1, 2), 5);
    assert.equal(at('ab\r\ncd', 1, 2), 5);
    assert.equal(at('', 0, 0), 0);
    assert.equal(at('ab\n', 1, 0), 3);
    assert.equal(at('ab', 0, 3), undefined);
    assert.equal(at('ab', 1, 0), undefined);
    assert.equal(at('👩x', 0, 3), 3);
  });
});
