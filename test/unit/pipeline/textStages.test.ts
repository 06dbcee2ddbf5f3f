import assert from 'node:assert/strict';
import { snapshotAt } from '../../../src/pipeline/context/documentSnapshot.ts';
import type { Suggestion } from '../../../src/pipeline/postprocess/suggestion.ts';
import { SuggestionHistory } from '../../../src/pipeline/reuse/suggestionHistory.ts';
import { acceptedSuggestion, acceptSuggestion, continueSuggestion } from '../../../src/pipeline/reuse/typeThrough.ts';
import { snapshotOf } from '../../support/markedText.ts';

describe('continueSuggestion', () => {
  const suggestion: Suggestion = { kind: 'suggestion', text: 'append(item)\r\nreturn', replaceChars: 0 };
  const shown = { snapshot: snapshotOf('list.▮\nend'), suggestion };
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

describe('acceptedSuggestion', () => {
  const suggestion: Suggestion = { kind: 'suggestion', text: 'a) {', replaceChars: 1 };
  const shown = { snapshot: snapshotOf('if (▮)\nend'), suggestion };
  for (const [name, document, end] of [
    ['knows the end of a suggestion that stands there whole', 'if (a) {▮\nend', 8],
    ['is not there while a part is missing', 'if (a▮)\nend', undefined],
    ['is not there once the cursor went on', 'if (a) {\n▮end', undefined],
    ['is not there when something else changed', 'if (a) {▮\nEND', undefined],
  ] as const) {
    it(name, () => {
      assert.equal(acceptedSuggestion(shown, snapshotOf(document))?.endOffset, end);
    });
  }
});

describe('acceptSuggestion', () => {
  it('puts the text in, takes out what it replaces and stands after it', () => {
    const suggestion: Suggestion = { kind: 'suggestion', text: 'a) {\r\n  b', replaceChars: 1 };
    const accepted = acceptSuggestion({ snapshot: snapshotOf('if (▮)\nend', { lineEnding: '\r\n' }), suggestion });
    assert.deepEqual([accepted.text, accepted.offset], ['if (a) {\n  b\nend', 12]);
  });
});

describe('SuggestionHistory', () => {
  const suggestion = (text: string): Suggestion => ({ kind: 'suggestion', text, replaceChars: 0 });
  const leftAt = (history: SuggestionHistory, marked: string): string | undefined =>
    history.continueAt(snapshotOf(marked))?.suggestion.text;
  const fill = (history: SuggestionHistory, ...entries: readonly (readonly [marked: string, text: string])[]): void => {
    for (const [marked, text] of entries) {
      history.remember({ snapshot: snapshotOf(marked), suggestion: suggestion(text) });
    }
  };

  for (const [name, marked, left] of [
    ['finds an older suggestion at its place', 'a = ▮\n', 'one()'],
    ['finds it when a wrong letter is deleted again', 'a = on▮\n', 'e()'],
    ['prefers the newest', 'a = x▮\n', 'three()'],
    ['has none where the text differs', 'b = ▮\n', undefined],
  ] as const) {
    it(name, () => {
      const history = new SuggestionHistory();
      fill(history, ['a = ▮\n', 'one()'], ['a = x▮\n', 'two()'], ['a = x▮\n', 'three()']);
      assert.equal(leftAt(history, marked), left);
    });
  }

  it('keeps the newest few', () => {
    const history = new SuggestionHistory(2);
    fill(history, ['a▮', '1'], ['b▮', '2'], ['c▮', '3']);
    assert.deepEqual(
      ['a▮', 'b▮', 'c▮'].map((marked) => leftAt(history, marked)),
      [undefined, '2', '3'],
    );
  });

  it('keeps one suggestion of a document that is too large for more', () => {
    const history = new SuggestionHistory();
    const large = 'x'.repeat(4_000_001);
    fill(history, [`${large}▮`, '1'], [`${large}1▮`, '2']);
    assert.deepEqual([leftAt(history, `${large}▮`), leftAt(history, `${large}1▮`)], [undefined, '2']);
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
