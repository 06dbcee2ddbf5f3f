import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { untranslated } from '../../../src/base/translate.ts';
import { accessibilityHelp } from '../../../src/editor/surface/accessibilityHelp.ts';

describe('accessibilityHelp', () => {
  const text = accessibilityHelp(untranslated);
  const texts = JSON.parse(readFileSync(new URL('../../../package.nls.json', import.meta.url), 'utf8')) as Readonly<
    Record<string, string>
  >;

  it('names commands as the palette does', () => {
    for (const key of ['command.trigger', 'command.showMenu', 'command.explainLast']) {
      assert.ok(text.includes(texts[key]!), texts[key]);
    }
  });

  it('is headings and paragraphs only, each a line', () => {
    assert.deepEqual(
      text.split('\n\n').filter((paragraph) => paragraph.trimEnd().includes('\n')),
      [],
    );
    assert.deepEqual(
      text.split('\n').filter((line) => line.startsWith('#')),
      ['# Foretoken with a screen reader', '## Suggestions', '## State and choices'],
    );
  });
});
