import assert from 'node:assert/strict';
import { explainEditor } from '../../../src/pipeline/explain/explainEditor.ts';

describe('explainEditor', () => {
  const FACTS = { document: 'a.py', status: 'All is well.', hasAsked: true };

  it('gives the state for the editor in front', () => {
    assert.equal(explainEditor(FACTS), '## The editor in front\n\na.py: All is well.\n');
  });

  it('says when the last request was about another file, and why that may be', () => {
    assert.match(
      explainEditor({ ...FACTS, hasAsked: false }),
      /All is well\. The last request was not about it\. .*read-only/,
    );
  });

  it('says that none is there', () => {
    assert.match(explainEditor(undefined), /No text editor/);
  });
});
