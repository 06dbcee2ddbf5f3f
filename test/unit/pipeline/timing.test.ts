import assert from 'node:assert/strict';
import { refuseAfterAccept } from '../../../src/pipeline/gate/refuseAfterAccept.ts';
import type { QuietPlaces } from '../../../src/pipeline/gate/refusePlace.ts';
import { refusePlace } from '../../../src/pipeline/gate/refusePlace.ts';
import { chooseExtent } from '../../../src/pipeline/prompt/chooseExtent.ts';
import { classifyPlace } from '../../../src/pipeline/syntax/classifyPlace.ts';
import { snapshotOf } from '../../support/markedText.ts';
import { AFTER_ACCEPT_CASES, EXTENT_CASES, PLACE_CASES } from './timingCases.ts';

describe('chooseExtent', () => {
  for (const [languageId, document, extent] of EXTENT_CASES) {
    it(`is ${extent} in ${languageId} for ${JSON.stringify(document)}`, () => {
      assert.equal(chooseExtent(snapshotOf(document, { languageId })), extent);
    });
  }
});

describe('classifyPlace', () => {
  for (const [languageId, document, place] of PLACE_CASES) {
    it(`is ${place} in ${languageId} for ${JSON.stringify(document)}`, () => {
      assert.equal(classifyPlace(snapshotOf(document, { languageId })), place);
    });
  }

  it('knows the place at the end of a long file', () => {
    const long = 'const x = "a"; // it\'s\n'.repeat(10_000);
    assert.deepEqual(
      [`${long}x = "▮"`, `${long}// ▮`, `${long}▮`].map((document) => classifyPlace(snapshotOf(document))),
      ['string', 'comment', 'code'],
    );
  });
});

describe('refuseAfterAccept', () => {
  for (const [languageId, document, isQuiet] of AFTER_ACCEPT_CASES) {
    it(`${isQuiet ? 'is quiet' : 'goes on'} in ${languageId} after ${JSON.stringify(document)}`, () => {
      const snapshot = snapshotOf(document, { languageId });
      const accepted = { documentId: snapshot.documentId, endOffset: snapshot.offset };
      assert.equal(refuseAfterAccept(accepted, snapshot, false)?.reason, isQuiet ? 'statement-ended' : undefined);
    });
  }

  const snapshot = snapshotOf('const x = 1;▮\n');
  const accepted = { documentId: snapshot.documentId, endOffset: snapshot.offset };
  for (const [name, last, isExplicit] of [
    ['lets a place pass where nothing was accepted', undefined, false],
    ['lets a place pass to which the user moved on', { ...accepted, endOffset: 3 }, false],
    ['lets another document pass', { ...accepted, documentId: 'other' }, false],
    ['answers the command', accepted, true],
  ] as const) {
    it(name, () => {
      assert.equal(refuseAfterAccept(last, snapshot, isExplicit), undefined);
    });
  }
});

describe('refusePlace', () => {
  const quiet: QuietPlaces = { comment: true, string: false, prose: true };
  for (const [name, marked, languageId, isExplicit, reason] of [
    ['is quiet where it is to be', '# so far▮', 'python', false, 'inside-comment'],
    ['is quiet in prose', 'It was▮', 'markdown', false, 'inside-prose'],
    ['lets other places pass', 'name = "An▮', 'python', false, undefined],
    ['always lets code pass', 'name = ▮', 'python', false, undefined],
    ['answers the command everywhere', '# so far▮', 'python', true, undefined],
    ['but not from nothing', ' \n▮\n', 'python', true, 'blank-document'],
  ] as const) {
    it(name, () => {
      assert.equal(refusePlace(snapshotOf(marked, { languageId }), quiet, isExplicit)?.reason, reason);
    });
  }
});
