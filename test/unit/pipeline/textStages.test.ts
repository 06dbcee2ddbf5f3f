import assert from 'node:assert/strict';
import { snapshotAt } from '../../../src/pipeline/context/documentSnapshot.ts';
import type { Suggestion } from '../../../src/pipeline/postprocess/suggestion.ts';
import { acceptedSuggestion, continueSuggestion, rememberSuggestion } from '../../../src/pipeline/reuse/typeThrough.ts';
import { snapshotOf } from '../../support/markedText.ts';

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

describe('acceptedSuggestion', () => {
  const shown = rememberSuggestion(snapshotOf('if (▮)\nend'), { kind: 'suggestion', text: 'a) {', replaceChars: 1 });
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
