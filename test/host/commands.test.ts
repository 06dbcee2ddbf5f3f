import assert from 'node:assert/strict';
import type { EditorPage } from './support/editorPage.ts';
import { until } from './support/editorPage.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';

describe('Commands and the status item in VS Code', function () {
  this.timeout(180_000);
  let session: HostSession;
  let editor: EditorPage;

  before(async () => {
    session = await openHostSession({ settings: { 'editor.autoClosingBrackets': 'never' } });
    editor = session.editor;
  });

  beforeEach(async () => {
    await editor.openAt('inventory.py', 39, 13);
    await editor.waitForStatus((status) => status === 'Foretoken');
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await editor.picture(`failed ${this.currentTest.title.replaceAll(/\W+/g, ' ')}`);
    }
    await editor.discardFile();
  });

  after(() => session?.close());

  it('lists the actions with their present values in the menu of the status item', async () => {
    await editor.clickStatus();
    const lines = await editor.pickerLines();
    await editor.picture('menu');
    await editor.press('Escape');
    for (const line of ['Turn suggestions off for python', 'Draft method… auto', 'Acceptance… exact']) {
      assert.ok(lines.includes(line), lines.join('\n'));
    }
  });

  it('decodes with the draft method that is chosen from the list', async () => {
    await editor.ask('start', { id: 'foretoken.chooseDraftMethod' });
    await editor.pickerLines();
    await editor.picture('draft methods');
    await editor.type('lookup');
    await editor.press('Enter');
    await waitForSetting(editor, 'foretoken.draft.method', 'lookup');
    await editor.type('raise ');
    await editor.waitForGhostText();
    const text = await editor.report();
    assert.match(text, /foretoken\.draft\.method \| "lookup"/);
    assert.match(text, /method lookup,/);
    await editor.ask('configure', { key: 'foretoken.draft.method', value: undefined });
  });

  it('asks for a threshold of its own, refuses what is none, and accepts by it', async () => {
    await editor.ask('start', { id: 'foretoken.chooseAcceptance' });
    await editor.pickerLines();
    await editor.picture('acceptance');
    await editor.type('another');
    await editor.press('Enter');
    const input = editor.page.locator('.quick-input-widget input[type="text"]');
    await until(async () => (await input.inputValue()) === '0.09');
    await editor.type('7');
    await editor.page.getByText('Enter a number from 0.01 to 1.').waitFor();
    await editor.picture('threshold refused');
    await input.fill('0,3');
    await editor.press('Enter');
    await waitForSetting(editor, 'foretoken.acceptance.mode', 'typical');
    await editor.type('raise ');
    await editor.waitForGhostText();
    const text = await editor.report();
    assert.match(text, /foretoken\.acceptance\.mode \| "typical"/);
    assert.match(text, /foretoken\.acceptance\.threshold \| 0\.3/);
    await editor.ask('configure', { key: 'foretoken.acceptance.mode', value: undefined });
    await editor.ask('configure', { key: 'foretoken.acceptance.threshold', value: undefined });
  });

  it('shows models and devices with what is here and what runs', async () => {
    await editor.ask('start', { id: 'foretoken.chooseModel' });
    const models = await editor.pickerLines();
    await editor.picture('models');
    await editor.press('Escape');
    assert.match(models.join('\n'), /^qwen2\.5-coder-0\.5b, auto → \w+ chosen, on this machine, \d+ MB/);
    await editor.waitForPickerToClose();
    await editor.ask('start', { id: 'foretoken.chooseDevice' });
    const devices = await editor.pickerLines();
    await editor.picture('devices');
    await editor.press('Escape');
    assert.match(devices.join('\n'), /^auto chosen, runs on cpu/);
  });

  it('runs on the device that is chosen from the list', async () => {
    await editor.ask('start', { id: 'foretoken.chooseDevice' });
    await editor.pickerLines();
    await editor.type('cpu');
    await editor.press('Enter');
    await waitForSetting(editor, 'foretoken.device', 'cpu');
    await editor.waitForStatus((status) => status === 'Foretoken');
    await editor.ask('configure', { key: 'foretoken.device', value: undefined });
    await editor.waitForStatus((status) => status === 'Foretoken');
  });

  it('starts a new process when the engine is restarted, and suggests again', async () => {
    const [before] = await session.workers();
    await editor.command('foretoken.restartEngine');
    await until(async () => {
      const workers = await session.workers();
      return workers.length === 1 && workers[0] !== before;
    });
    await editor.waitForStatus((status) => status === 'Foretoken');
    await editor.type('raise ');
    await editor.waitForGhostText();
  });

  it('shows its log', async () => {
    await editor.command('foretoken.showLog');
    const shown = editor.page.locator('.part.panel .view-lines').first();
    await until(async () => /engine:/.test((await shown.textContent()) ?? ''));
    await editor.picture('log');
    await editor.command('workbench.action.closePanel');
  });

  it('opens the accessibility help as text to read', async () => {
    await editor.command('foretoken.accessibilityHelp');
    await editor.page.waitForSelector('.tab.active[data-resource-name="Accessibility help.md"]');
    await editor.waitForStatus((status) => status === 'Foretoken: off here');
    assert.match(await editor.text(), /^# Foretoken with a screen reader/);
    await editor.picture('accessibility help');
  });

  it('hides suggestions while it is snoozed, answers requests, and shows them again', async () => {
    await editor.type('raise ');
    await editor.waitForGhostText();
    await editor.ask('start', { id: 'foretoken.snooze' });
    await editor.pickerLines();
    await editor.picture('snooze');
    await editor.press('Enter');
    await editor.waitForStatus((status) => status === 'Foretoken: snoozed 5 min');
    await editor.waitForNoGhostText();
    await editor.type('V');
    await until(async () => (await editor.report()).includes('Suggestions are snoozed'));
    assert.equal(await editor.ghostText(), '');
    await editor.clickStatus();
    assert.ok((await editor.pickerLines()).includes('End snooze 5 min'));
    await editor.picture('menu while snoozed');
    await editor.press('Escape');
    await editor.waitForPickerToClose();
    await editor.command('foretoken.trigger');
    await editor.waitForGhostText();
    await editor.command('foretoken.endSnooze');
    await editor.waitForStatus((status) => status === 'Foretoken');
    await editor.type('a');
    await until(async () => !(await editor.report()).includes('Suggestions are snoozed'));
    await editor.waitForGhostText();
  });

  it('clears its caches and reads the document afresh', async () => {
    await editor.command('foretoken.clearCaches');
    await until(async () => (await editor.notifications()).some((message) => message.includes('caches are cleared')));
    await editor.type('raise ');
    await editor.waitForGhostText();
  });

  it('puts diagnostics without code or paths on the clipboard', async () => {
    await editor.command('foretoken.copyDiagnostics');
    const text = await editor.ask<string>('clipboard');
    assert.match(
      text,
      /# Foretoken diagnostics[\s\S]*Model: qwen2\.5-coder-0\.5b, \w+[\s\S]*## Last request\n\n- Outcome/,
    );
    assert.doesNotMatch(text, /inventory|raise|\/(home|root|tmp|Users)\//);
  });
});

/** The list closes before the choice is written. */
async function waitForSetting(editor: EditorPage, key: string, value: unknown): Promise<void> {
  await until(async () => (await editor.ask('setting', { key })) === value);
}
