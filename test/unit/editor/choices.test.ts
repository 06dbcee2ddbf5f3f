import assert from 'node:assert/strict';
import { untranslated } from '../../../src/base/translate.ts';
import { acceptanceChoices, parseThreshold, THRESHOLD_PRESETS } from '../../../src/editor/surface/acceptanceChoices.ts';
import type { Choice } from '../../../src/editor/surface/choice.ts';
import { deviceChoices } from '../../../src/editor/surface/deviceChoices.ts';
import { draftMethodChoices } from '../../../src/editor/surface/draftMethodChoices.ts';
import type { ModelShelf } from '../../../src/editor/surface/modelChoices.ts';
import { modelChoices } from '../../../src/editor/surface/modelChoices.ts';
import { DRAFT_METHODS } from '../../../src/engine/draft/drafter.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';
import { LOADED_MODEL } from './engineStates.ts';

const lines = (choices: readonly Choice<unknown>[]): readonly string[] =>
  choices.map(({ label, description, isCurrent }) => `${isCurrent ? '*' : ' '} ${label} | ${description}`);

describe('draftMethodChoices', () => {
  it('offers every method once, with a line on each', () => {
    const choices = draftMethodChoices('auto', undefined, untranslated);
    assert.deepEqual(choices.map(({ value }) => value).sort(), [...DRAFT_METHODS].sort());
    assert.equal(new Set(choices.map(({ detail }) => detail)).size, DRAFT_METHODS.length);
  });

  it('says why the loaded model cannot run one, and marks the present one', () => {
    const reason = 'not available: qwen2.5-coder-0.5b has no such draft heads';
    assert.deepEqual(lines(draftMethodChoices('lookup', LOADED_MODEL, untranslated)), [
      '  auto | ',
      '* lookup | ',
      '  medusa | ',
      `  mtp | ${reason}`,
      '  off | ',
    ]);
  });
});

describe('acceptanceChoices', () => {
  for (const [mode, threshold, current] of [
    ['exact', 0.09, 'exact'],
    ['typical', 0.09, 'typical 0.09'],
    ['typical', 0.4, 'typical 0.4'],
    ['typical', 0.15, 'typical with another threshold…'],
  ] as const) {
    it(`marks ${current} for ${mode} and ${threshold}`, () => {
      const settings = { acceptanceMode: mode, acceptanceThreshold: threshold };
      const marked = acceptanceChoices(settings, untranslated).filter(({ isCurrent }) => isCurrent);
      assert.deepEqual(
        marked.map(({ label }) => label),
        [current],
      );
    });
  }

  it('offers presets inside the range of the setting, its default among them', () => {
    const [low, high] = SETTINGS.acceptanceThreshold.range!;
    assert.ok(THRESHOLD_PRESETS.every((threshold) => threshold >= low && threshold <= high));
    assert.ok(THRESHOLD_PRESETS.some((threshold) => threshold === SETTINGS.acceptanceThreshold.default));
  });
});

describe('parseThreshold', () => {
  for (const [text, value] of [
    ['0.3', 0.3],
    [' 0,25 ', 0.25],
    ['1', 1],
    ['0.01', 0.01],
  ] as const) {
    it(`reads "${text}"`, () => {
      assert.deepEqual(parseThreshold(text, untranslated), { ok: true, value });
    });
  }

  for (const text of ['', '0', '1.01', '-0.2', 'half', '0.1.2', 'NaN', 'Infinity']) {
    it(`refuses "${text}" and says what is wanted`, () => {
      assert.deepEqual(parseThreshold(text, untranslated), { ok: false, error: 'Enter a number from 0.01 to 1.' });
    });
  }
});

describe('deviceChoices', () => {
  it('says where the model really runs', () => {
    assert.deepEqual(lines(deviceChoices('auto', LOADED_MODEL, untranslated)), [
      '* auto | runs on cpu',
      '  cpu | ',
      '  webgpu | ',
    ]);
  });

  it('lists a device that is set and not supported, and says so', () => {
    const last = deviceChoices('dml', undefined, untranslated).at(-1);
    assert.deepEqual([last?.value, last?.isCurrent, last?.detail], ['dml', true, 'Not supported in this version']);
  });
});

describe('modelChoices', () => {
  const shelf: ModelShelf = {
    catalogue: [
      { id: 'small', title: 'Small', downloadBytes: 491_400_064, hasWeights: false },
      { id: 'large', title: 'Large', downloadBytes: 1_117_320_768, hasWeights: true },
    ],
    packages: [
      { id: 'small', quantization: 'q8', bytes: 509_000_000, setting: 'small' },
      { id: 'small', quantization: 'q4', bytes: 370_000_000, setting: 'small' },
      { id: 'mine', quantization: 'f32', bytes: 1_000_000, setting: 'mine' },
    ],
    automatic: 'q8',
  };

  it('lists the catalogue, other precisions and imported packages, and what each needs', () => {
    assert.deepEqual(lines(modelChoices(shelf, { model: 'small', quantization: 'q8' }, untranslated)), [
      '  small, auto → q8 | on this machine, 509 MB',
      '* small, q8 | on this machine, 509 MB',
      '  large, auto → q8 | downloaded, built when chosen',
      '  large, q8 | downloaded, built when chosen',
      '  small, q4 | on this machine, 370 MB',
      '  mine, f32 | on this machine, 1 MB',
    ]);
  });

  it('says what automatic means, and finds the package that it means', () => {
    assert.deepEqual(lines(modelChoices(shelf, { model: 'large', quantization: 'auto' }, untranslated)).slice(0, 3), [
      '  small, auto → q8 | on this machine, 509 MB',
      '* large, auto → q8 | downloaded, built when chosen',
      '  small, q4 | on this machine, 370 MB',
    ]);
  });

  it('says what has to be downloaded', () => {
    const empty = { ...shelf, packages: [] };
    const [, small] = lines(modelChoices(empty, { model: 'large', quantization: 'q4' }, untranslated));
    assert.equal(small, '  small, q4 | not on this machine, 491 MB to download');
  });

  it('keeps a folder that was set by hand in the list', () => {
    const current = { model: '/models/own', quantization: 'q8' } as const;
    const last = modelChoices(shelf, current, untranslated).at(-1);
    assert.deepEqual([last?.value, last?.isCurrent], [current, true]);
  });

  it('chooses a package whose folder has a name of its own by its folder', () => {
    const own = { id: 'small', quantization: 'q8', bytes: 1, setting: '/cache/small-q8-no-adapter' } as const;
    const choices = modelChoices({ ...shelf, packages: [own] }, { model: 'small', quantization: 'q8' }, untranslated);
    assert.deepEqual(choices.at(-1)?.value, { model: own.setting, quantization: 'q8' });
    assert.equal(choices[0]?.description, 'not on this machine, 491 MB to download');
  });
});
