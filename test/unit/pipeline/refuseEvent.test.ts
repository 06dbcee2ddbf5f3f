import assert from 'node:assert/strict';
import type { EventFacts } from '../../../src/pipeline/gate/refuseEvent.ts';
import { MAX_DOCUMENT_CHARS, refuseEvent } from '../../../src/pipeline/gate/refuseEvent.ts';

const WELCOME: EventFacts = {
  isEnabled: true,
  isLanguageEnabled: true,
  languageId: 'python',
  scheme: 'file',
  isReadOnly: false,
  exclusion: undefined,
  documentChars: 1000,
  cursors: 1,
  isSnoozed: false,
  isExplicit: false,
  trigger: 'automatic',
};

const EXCLUDED = { kind: 'excluded', glob: '**/*.min.js' } as const;

describe('refuseEvent', () => {
  const cases: readonly (readonly [name: string, changes: Partial<EventFacts>, reason: string | undefined])[] = [
    ['lets typing in a file through', {}, undefined],
    ['lets files of other machines through', { scheme: 'vscode-remote' }, undefined],
    ['lets a new file without a name through', { scheme: 'untitled' }, undefined],
    ['refuses everything while turned off, the command too', { isEnabled: false, isExplicit: true }, 'disabled'],
    ['refuses a language that is turned off', { isLanguageEnabled: false }, 'language-disabled'],
    ['refuses typing while snoozed', { isSnoozed: true }, 'snoozed'],
    ['lets the command through while snoozed', { isSnoozed: true, isExplicit: true }, undefined],
    ['refuses the output view', { scheme: 'output' }, 'scheme-not-supported'],
    ['refuses the commit message box', { scheme: 'vscode-scm' }, 'scheme-not-supported'],
    ['refuses its own report', { scheme: 'foretoken-report' }, 'scheme-not-supported'],
    ['refuses its own help', { scheme: 'foretoken-help' }, 'scheme-not-supported'],
    ['refuses typing when only the command triggers', { trigger: 'manual' }, 'not-requested'],
    ['lets the command through when only it triggers', { trigger: 'manual', isExplicit: true }, undefined],
    ['refuses several cursors', { cursors: 2 }, 'several-cursors'],
    ['refuses what cannot be written', { isReadOnly: true, isExplicit: true }, 'read-only'],
    ['refuses an excluded file, the command too', { exclusion: EXCLUDED, isExplicit: true }, 'excluded'],
    ['refuses a file that is not included', { exclusion: { kind: 'not-included' } }, 'not-included'],
    ['lets the largest document through', { documentChars: MAX_DOCUMENT_CHARS }, undefined],
    ['refuses a larger one', { documentChars: MAX_DOCUMENT_CHARS + 1 }, 'document-too-large'],
  ];
  it('names the glob that leaves a file out', () => {
    assert.equal(refuseEvent({ ...WELCOME, exclusion: EXCLUDED })?.detail, '**/*.min.js');
  });

  for (const [name, changes, reason] of cases) {
    it(name, () => {
      assert.equal(refuseEvent({ ...WELCOME, ...changes })?.reason, reason);
    });
  }
});
