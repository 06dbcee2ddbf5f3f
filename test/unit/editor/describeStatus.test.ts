import assert from 'node:assert/strict';
import { untranslated } from '../../../src/base/translate.ts';
import type { StatusFacts } from '../../../src/editor/surface/describeStatus.ts';
import { describeStatus, spokenStatus } from '../../../src/editor/surface/describeStatus.ts';
import { LOADED_MODEL, READY } from './engineStates.ts';

const WELL: StatusFacts = {
  engine: READY,
  isThinking: false,
  isEnabled: true,
  disabledLanguageId: undefined,
  refusal: undefined,
  snoozedMs: 0,
  trigger: 'automatic',
  draftMethod: 'auto',
  isRestricted: false,
};
const FAILED = { kind: 'failed', message: 'the package is damaged', whatToDo: 'look-at-log' } as const;
const DOWNLOADING = {
  kind: 'preparing',
  progress: { phase: 'download', fraction: 0.427, detail: 'somewhere' },
} as const;
const DEGRADED = { kind: 'ready', model: LOADED_MODEL, degraded: 'the GPU failed, so the CPU is used' } as const;

describe('describeStatus', () => {
  const cases: readonly (readonly [name: string, Partial<StatusFacts>, icon: string, label: string, RegExp])[] = [
    ['has no label when all is well', {}, 'sparkle', '', /0\.5b \(q8\) runs on the CPU \(threads: 2\)/],
    ['says before the start what starts it', { engine: { kind: 'idle' } }, 'sparkle', '', /first file/],
    ['says that only requests are answered', { trigger: 'manual' }, 'sparkle', '', /on request only\.$/],
    ['says that a method has no heads', { draftMethod: 'mtp' }, 'sparkle', '', /for the method mtp, so nothing/],
    ['says what an untrusted workspace cannot set', { isRestricted: true }, 'sparkle', '', /not trusted: what runs/],
    ['shows how far a download is', { engine: DOWNLOADING }, 'sync~spin', 'downloading 42%', /prepared/],
    ['shows loading', { engine: { kind: 'loading' } }, 'sync~spin', 'loading', /being loaded/],
    ['thinks without a label', { isThinking: true }, 'loading~spin', '', /runs on/],
    ['is off', { isEnabled: false, snoozedMs: 1, engine: FAILED }, 'circle-slash', 'off', /turned off\.$/],
    ['is off for a language', { disabledLanguageId: 'php' }, 'circle-slash', 'off for php', /for php\.$/],
    ['is off in views', { refusal: 'scheme-not-supported' }, 'circle-slash', 'off here', /not one to write code in/],
    ['is off in large files', { refusal: 'document-too-large' }, 'circle-slash', 'off here', /than 10 million char/],
    ['is off in read-only files', { refusal: 'read-only' }, 'circle-slash', 'off here', /cannot be written/],
    ['is off in excluded files', { refusal: 'excluded' }, 'circle-slash', 'off here', /foretoken\.exclude leaves/],
    [
      'is off in files not included',
      { refusal: 'not-included' },
      'circle-slash',
      'off here',
      /foretoken\.include does/,
    ],
    ['shows the rest of a snooze', { snoozedMs: 61_000 }, 'bell-slash', 'snoozed 2 min', /another 2 min/],
    ['stays snoozed while it loads', { snoozedMs: 1, engine: DOWNLOADING }, 'bell-slash', 'snoozed 1 min', /1 min/],
    ['warns of a degraded engine and says why', { engine: DEGRADED }, 'warning', 'degraded', /the CPU is used\.$/],
    ['says what to do after a failure', { engine: FAILED }, 'error', 'failed', /is damaged\. Look at the log, then/],
    ['shows a failure even while snoozed', { engine: FAILED, snoozedMs: 1 }, 'error', 'failed', /damaged/],
    [
      'offers the download of a missing model',
      { engine: { kind: 'model-missing', message: 'it is not here yet' } },
      'cloud-download',
      'no model',
      /It is not here yet\./,
    ],
  ];
  for (const [name, changes, icon, label, sentence] of cases) {
    it(name, () => {
      const status = describeStatus({ ...WELL, ...changes }, untranslated);
      assert.deepEqual([status.icon, status.label], [icon, label]);
      assert.match(status.sentence, sentence);
    });
  }

  it('puts its own words into the language of the editor', () => {
    const translate = (sentence: string): string => (sentence === 'off for {0}' ? 'aus für {0}' : sentence);
    assert.equal(describeStatus({ ...WELL, disabledLanguageId: 'php' }, translate).label, 'aus für {0}');
  });
});

describe('spokenStatus', () => {
  for (const [changes, spoken] of [
    [{}, /^Foretoken: ready\. qwen/],
    [{ engine: { kind: 'idle' } }, /^Foretoken\. The engine starts with the first file/],
    [{ isThinking: true }, /^Foretoken: thinking\. qwen/],
    [{ isEnabled: false }, /^Foretoken: off\. Suggestions are turned off\.$/],
  ] as const) {
    it(`says ${spoken.source} for ${JSON.stringify(changes)}`, () => {
      const facts = { ...WELL, ...changes };
      assert.match(spokenStatus(describeStatus(facts, untranslated), facts, untranslated), spoken);
    });
  }
});
