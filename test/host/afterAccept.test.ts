import assert from 'node:assert/strict';
import type { EditorPage } from './support/editorPage.ts';
import { until } from './support/editorPage.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';

describe('After an accept in VS Code', function () {
  this.timeout(240_000);
  let session: HostSession;
  let editor: EditorPage;

  before(async () => {
    session = await openHostSession({ settings: { 'editor.autoClosingBrackets': 'never' } });
    editor = session.editor;
  });

  after(() => session?.close());

  it('Foretoken is asked again at the new place, without another key', async () => {
    await editor.openAt('inventory.py', 39, 13);
    await editor.waitForStatus((status) => status === 'Foretoken');
    await editor.type('raise ');
    const shown = await editor.waitForWholeGhostText();
    assert.ok(!shown.includes('\n'), shown);
    await editor.press('Tab');
    const place = `line 39, column ${13 + 'raise '.length + shown.length} `;
    await until(async () => {
      const report = await editor.ask<string>('open', {
        address: `foretoken-report:/report.md?${performance.now()}`,
      });
      return report.includes(place) && report.includes('typing or moving the cursor');
    }, 20_000);
    await editor.picture('after accept');
  });
});
