import assert from 'node:assert/strict';
import path from 'node:path';
import type { HubServer } from '../support/hubServer.ts';
import { startHubServer } from '../support/hubServer.ts';
import type { EditorPage } from './support/editorPage.ts';
import { until } from './support/editorPage.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';

describe('States of the status item', function () {
  this.timeout(180_000);
  let session: HostSession;
  let editor: EditorPage;

  before(async () => {
    session = await openHostSession();
    editor = session.editor;
    await editor.openAt('inventory.py', 39, 13);
    await editor.waitForStatus((status) => status === 'Foretoken');
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await editor.picture(`failed ${this.currentTest.title.replaceAll(/\W+/g, ' ')}`);
    }
  });

  after(() => session?.close());

  /** Waits for the text, takes the picture, and holds what a screen reader says against what it should say. */
  async function expectState(name: string, text: string, spoken: RegExp): Promise<void> {
    await editor.waitForStatus((status) => status === text);
    await editor.statusPicture(name);
    assert.match(await editor.spokenStatus(), spoken);
  }

  async function configure(key: string, value: unknown): Promise<void> {
    await editor.ask('configure', { key: `foretoken.${key}`, value });
  }

  it('ready', () =>
    expectState('ready', 'Foretoken', /^Foretoken: ready\. qwen2\.5-coder-0\.5b \(\w+\) runs on the CPU/));

  it('thinking', async () => {
    // Typing at a place of another window of the file: its prompt is read afresh, which takes a while.
    await editor.openAt('queue.ts', 38, 5);
    await editor.type('this.paused = ');
    await until(async () => (await editor.spokenStatus()).startsWith('Foretoken: thinking.'));
    await editor.statusPicture('thinking');
    await editor.waitForGhostText();
    await editor.discardFile();
    await editor.openAt('inventory.py', 39, 13);
  });

  it('on request only', async () => {
    await configure('trigger', 'manual');
    await until(async () => (await editor.spokenStatus()).includes('on request only'));
    await configure('trigger', undefined);
  });

  it('off', async () => {
    await configure('enabled', false);
    await expectState('off', 'Foretoken: off', /turned off\.$/);
    await configure('enabled', undefined);
  });

  it('loading', async () => {
    await expectState('loading', 'Foretoken: loading', /being loaded/);
    await editor.waitForStatus((status) => status === 'Foretoken');
  });

  it('off for a language', async () => {
    await configure('languages', { '*': true, python: false });
    await expectState('off for a language', 'Foretoken: off for python', /turned off for python\.$/);
    await configure('languages', undefined);
  });

  it('off here', async () => {
    await configure('exclude', ['*.py']);
    await expectState('off here', 'Foretoken: off here', /foretoken\.exclude leaves this file out/);
    await configure('exclude', undefined);
  });

  it('snoozed', async () => {
    await editor.ask('start', { id: 'foretoken.snooze' });
    await editor.pickerLines();
    await editor.press('Enter');
    await expectState('snoozed', 'Foretoken: snoozed 5 min', /for another 5 min/);
    await editor.command('foretoken.endSnooze');
  });

  it('degraded', async () => {
    await configure('device', 'cuda');
    await expectState('degraded', 'Foretoken: degraded', /runs on the CPU.*"cuda"/);
    await configure('device', undefined);
    await editor.waitForStatus((status) => status === 'Foretoken');
  });

  it('failed', async () => {
    await configure('model', '/nowhere');
    await expectState('failed', 'Foretoken: failed', /start the engine again/);
    await editor.picture('failed engine');
    await configure('model', undefined);
    await editor.waitForStatus((status) => status === 'Foretoken');
    await editor.command('notifications.clearAll');
  });

  it('restarting', async () => {
    const [worker] = await session.workers();
    assert.ok(worker !== undefined);
    process.kill(worker, 'SIGKILL');
    await editor.waitForStatus((status) => status === 'Foretoken: restarting');
    await editor.statusPicture('restarting');
    await editor.waitForStatus((status) => status === 'Foretoken');
  });
});

describe('States of the status item while the model is fetched', function () {
  this.timeout(180_000);
  let session: HostSession;
  let hub: HubServer;

  before(async () => {
    // Offers the file, sends a part of it and then nothing.
    hub = await startHubServer((_request, response) => {
      response.writeHead(200, { 'content-length': 491_400_064 });
      response.write(Buffer.alloc(206_000_000));
    });
    session = await openHostSession({
      environment: (folder) => ({
        HOME: path.join(folder, 'home'),
        XDG_CACHE_HOME: path.join(folder, 'home', 'cache'),
        HF_HOME: path.join(folder, 'home', 'hub'),
        LLAMA_CACHE: path.join(folder, 'home', 'llama'),
        HF_ENDPOINT: hub.baseUrl,
        PIP_INDEX_URL: hub.baseUrl,
        PIP_CONFIG_FILE: '/dev/null',
      }),
    });
  });

  after(async () => {
    await session?.close();
    await hub?.close();
  });

  it('no model, then downloading with how far it is', async () => {
    const { editor } = session;
    await editor.openAt('inventory.py', 39, 13);
    await editor.waitForStatus((status) => status === 'Foretoken: no model');
    await editor.statusPicture('no model');
    await editor.page.getByRole('button', { name: 'Download', exact: true }).click();
    await editor.waitForStatus((status) => status === 'Foretoken: downloading 41%');
    await editor.statusPicture('downloading');
    await editor.picture('downloading');
    assert.match(await editor.spokenStatus(), /^Foretoken: downloading 41%\. The model is being prepared/);
  });
});
