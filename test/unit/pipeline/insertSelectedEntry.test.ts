import assert from 'node:assert/strict';
import { insertSelectedEntry, untypedPart } from '../../../src/pipeline/context/insertSelectedEntry.ts';
import { snapshotOf } from '../../support/markedText.ts';

/** Accepts an entry that replaces the text from `start` characters before the cursor to `end` characters after it. */
function check(marked: string, entry: { text: string; before: number; after: number }) {
  const snapshot = snapshotOf(marked);
  const selected = {
    text: entry.text,
    start: snapshot.offset - entry.before,
    end: snapshot.offset + entry.after,
  };
  const { text, offset } = insertSelectedEntry(snapshot, selected);
  return [`${text.slice(0, offset)}▮${text.slice(offset)}`, untypedPart(snapshot, selected)];
}

describe('insertSelectedEntry', () => {
  it('puts the entry in the place of what was typed of it, the cursor behind it', () => {
    assert.deepEqual(check('x = foo.ba▮\n', { text: 'barrel', before: 2, after: 0 }), ['x = foo.barrel▮\n', 'rrel']);
  });

  it('replaces text after the cursor too', () => {
    assert.deepEqual(check('x = ba▮se;\n', { text: 'barrel', before: 2, after: 2 }), ['x = barrel▮;\n', 'rrel']);
  });

  it('knows no untyped part of an entry that was not typed from its beginning', () => {
    assert.deepEqual(check('x = rr▮\n', { text: 'barrel', before: 2, after: 0 }), ['x = barrel▮\n', undefined]);
  });

  it('takes entries of several lines with line feeds only', () => {
    assert.deepEqual(check('▮\n', { text: 'a\r\nb', before: 0, after: 0 }), ['a\nb▮\n', 'a\nb']);
  });
});
