import assert from 'node:assert/strict';
import { untranslated } from '../../../src/base/translate.ts';
import { sampleFile } from '../../../src/editor/surface/sampleFile.ts';
import { snapshotAt } from '../../../src/pipeline/context/documentSnapshot.ts';
import { chooseExtent } from '../../../src/pipeline/prompt/chooseExtent.ts';

describe('sampleFile', () => {
  it('has the cursor in the empty body of its last function, where a block is suggested', () => {
    const { languageId, text, line, column } = sampleFile(untranslated);
    const snapshot = snapshotAt({ documentId: 'sample', languageId, rawText: text }, line, column);
    assert.ok(snapshot !== undefined);
    assert.match(text.slice(0, snapshot.offset), /^# .+\n[\s\S]*def \w+\(\w+\):\n {4}$/);
    assert.equal(text.slice(snapshot.offset), '\n');
    assert.equal(chooseExtent(snapshot), 'block');
  });

  it('says what to do in the language of the editor', () => {
    assert.match(sampleFile(() => 'Grauer Text').text, /^# Grauer Text\n/);
  });
});
