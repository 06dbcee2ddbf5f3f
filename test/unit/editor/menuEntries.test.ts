import assert from 'node:assert/strict';
import { untranslated } from '../../../src/base/translate.ts';
import type { MenuFacts } from '../../../src/editor/surface/menuEntries.ts';
import { menuEntries } from '../../../src/editor/surface/menuEntries.ts';
import { readSettings } from '../../../src/settings/settings.ts';
import { READY } from './engineStates.ts';

const DEFAULTS = readSettings(
  () => undefined,
  () => {},
);
const WELL: MenuFacts = {
  settings: DEFAULTS,
  engine: READY,
  language: { id: 'python', isEnabled: true },
  snoozedMs: 0,
};

describe('menuEntries', () => {
  const lines = (changes: Partial<MenuFacts>): readonly string[] =>
    menuEntries({ ...WELL, ...changes }, untranslated).map((entry) =>
      entry.kind === 'heading'
        ? `-- ${entry.label}`
        : `${entry.label}${entry.description && ` | ${entry.description}`}`,
    );

  it('says what stands in for a draft method without heads', () => {
    assert.ok(lines({ settings: { ...DEFAULTS, draftMethod: 'mtp' } }).includes('Draft method… | mtp → off'));
  });

  it('holds the actions in order, with the present values', () => {
    assert.deepEqual(lines({}), [
      '-- Suggestions',
      'Snooze…',
      'Turn suggestions off for python',
      'Turn suggestions off',
      '-- Engine',
      'Draft method… | auto',
      'Acceptance… | exact',
      'Model… | qwen2.5-coder-0.5b, auto → q8',
      'Device… | auto → cpu',
      'Restart the engine',
      'Clear caches',
      '-- See and steer',
      'Tuning panel',
      'Explain last request',
      'Benchmark this machine',
      '-- Help',
      'Show the log',
      'Copy diagnostics',
      'Open the walkthrough',
      'Settings',
    ]);
  });

  for (const [name, changes, first] of [
    ['the download of a missing model', { engine: { kind: 'model-missing', message: '' } }, 'Download the model'],
    [
      'the restart of a failed engine',
      { engine: { kind: 'failed', message: '', whatToDo: 'start-again' } },
      'Restart the engine',
    ],
  ] as const) {
    it(`begins with ${name}`, () => {
      assert.equal(lines(changes)[0], first);
    });
  }

  for (const [name, changes, expected] of [
    ['the end of a snooze with its rest', { snoozedMs: 90_000 }, 'End snooze | 2 min'],
    ['a language that is off', { language: { id: 'go', isEnabled: false } }, 'Turn suggestions on for go'],
    ['the way back on', { settings: { ...DEFAULTS, enabled: false } }, 'Turn suggestions on'],
    ['the threshold', { settings: { ...DEFAULTS, acceptanceMode: 'typical' } }, 'Acceptance… | typical 0.09'],
    ['a device that is the one chosen', { settings: { ...DEFAULTS, device: 'cpu' } }, 'Device… | cpu'],
  ] as const) {
    it(`shows ${name}`, () => {
      const shown = lines(changes as Partial<MenuFacts>);
      assert.ok(shown.includes(expected), shown.join('\n'));
    });
  }

  it('offers no restart, clearing or benchmark of an engine that was not started', () => {
    const shown = lines({ engine: { kind: 'idle' } });
    for (const action of ['Restart the engine', 'Clear caches', 'Benchmark this machine']) {
      assert.ok(!shown.includes(action), action);
    }
  });

  it('has no action twice in any state', () => {
    for (const engine of [READY, { kind: 'failed', message: '', whatToDo: 'start-again' } as const]) {
      const shown = lines({ engine });
      assert.equal(new Set(shown).size, shown.length);
    }
  });
});
