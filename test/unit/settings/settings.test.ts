import assert from 'node:assert/strict';
import { isLanguageEnabled, readSettings, SETTINGS } from '../../../src/settings/settings.ts';

describe('readSettings', () => {
  const read = (values: Readonly<Record<string, unknown>>) => {
    const sentences: string[] = [];
    return {
      settings: readSettings(
        (key) => values[key],
        (sentence) => sentences.push(sentence),
      ),
      sentences,
    };
  };

  it('gives every default when nothing is set', () => {
    const { settings, sentences } = read({});
    assert.deepEqual(
      settings,
      Object.fromEntries(Object.entries(SETTINGS).map(([name, { default: value }]) => [name, value])),
    );
    assert.deepEqual(sentences, []);
  });

  for (const [key, name, value, used] of [
    ['maxTokens', 'maxTokens', 5000, 512],
    ['maxTokens', 'maxTokens', 0, 1],
    ['delay', 'delayMs', Number.NaN, 120],
    ['acceptance.threshold', 'acceptanceThreshold', -1, 0.01],
    ['draft.method', 'draftMethod', 'magic', 'auto'],
    ['enabled', 'enabled', 'yes', true],
    ['exclude', 'exclude', '*.md', []],
    ['exclude', 'exclude', ['*.md', 5], []],
    ['include', 'include', { '*.md': true }, ['**']],
    ['languages', 'languages', ['go'], { '*': true }],
    ['languages', 'languages', null, { '*': true }],
  ] as const) {
    it(`uses ${JSON.stringify(used)} for ${key} = ${JSON.stringify(value)} and says so once`, () => {
      const { settings, sentences } = read({ [key]: value });
      assert.deepEqual(settings[name], used);
      assert.equal(sentences.length, 1);
    });
  }

  it('lets a language have its own switch', () => {
    const { settings } = read({ languages: { '*': false, python: true } });
    assert.deepEqual([isLanguageEnabled(settings, 'python'), isLanguageEnabled(settings, 'go')], [true, false]);
  });
});
