import assert from 'node:assert/strict';
import path from 'node:path';
import type { EditorPage } from './support/editorPage.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';

/** The discard port: nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';

describe('Foretoken on a machine without the model', function () {
  this.timeout(180_000);
  let session: HostSession;
  let editor: EditorPage;

  before(async () => {
    session = await openHostSession({
      // No cache of anybody's, and sources that nobody answers for: nothing is ever downloaded here.
      environment: (folder) => ({
        HOME: path.join(folder, 'home'),
        XDG_CACHE_HOME: path.join(folder, 'home', 'cache'),
        HF_HOME: path.join(folder, 'home', 'hub'),
        LLAMA_CACHE: path.join(folder, 'home', 'llama'),
        HF_ENDPOINT: NOWHERE,
        PIP_INDEX_URL: NOWHERE,
        PIP_RETRIES: '0',
        PIP_CONFIG_FILE: '/dev/null',
      }),
    });
    editor = session.editor;
  });

  after(() => session?.close());

  it('asks once before it downloads, takes no for an answer, and offers it again in its menu', async () => {
    await editor.openAt('inventory.py', 39, 13);
    await editor.page.locator('.notification-toast').getByText('Download model (491 MB)?').waitFor();
    await editor.picture('consent');
    assert.equal(await editor.status(), 'Foretoken: no model');
    await editor.page.getByRole('button', { name: 'Not Now' }).click();
    await editor.page.locator('.notification-toast').waitFor({ state: 'detached' });
    await editor.openAt('queue.ts', 38, 5);
    assert.deepEqual(await editor.notifications(), []);
    assert.deepEqual(await session.workers(), []);
    await editor.clickStatus();
    await editor.page.getByText('Download the model').waitFor();
    await editor.picture('menu without model');
    await editor.press('Escape');
  });

  it('says why a download cannot be made and what to do', async () => {
    await editor.ask('start', { id: 'foretoken.downloadModel' });
    await editor.waitForStatus((status) => status === 'Foretoken: failed');
    await editor.page
      .getByText(/could not be downloaded .* put the file qwen2.5-coder/)
      .first()
      .waitFor();
    await editor.picture('download refused');
  });
});
