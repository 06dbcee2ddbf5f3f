import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EditorPage } from './support/editorPage.ts';
import { until } from './support/editorPage.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';

const SETTINGS = { 'editor.autoClosingBrackets': 'never' };
const FUNCTIONS =
  'def celsius_to_fahrenheit(celsius):\n    return celsius * 9 / 5 + 32\n\n\ndef fahrenheit_to_celsius(f):\n    ';

const NOTEBOOK = {
  cells: [{ cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source: FUNCTIONS }],
  metadata: { language_info: { name: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
};

describe('Special documents in VS Code', function () {
  this.timeout(180_000);
  let session: HostSession;
  let editor: EditorPage;

  before(async () => {
    session = await openHostSession({
      settings: SETTINGS,
      fill: (workspace) => {
        writeFileSync(path.join(workspace, 'large.py'), 'total = total + 1  # one more line\n'.repeat(600_000));
        writeFileSync(path.join(workspace, 'cells.ipynb'), JSON.stringify(NOTEBOOK));
        writeFileSync(path.join(workspace, 'older.py'), 'def sell(sku):\n    pass\n');
      },
    });
    editor = session.editor;
    await editor.openAt('inventory.py', 39, 13);
    await editor.waitForStatus((status) => status === 'Foretoken');
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await editor.picture(`failed ${this.currentTest.title.replaceAll(/\W+/g, ' ')}`);
    }
    await editor.command('workbench.action.revertAndCloseActiveEditor');
  });

  after(() => session?.close());

  it('an untitled file is completed', async () => {
    await editor.ask('showNew', { language: 'python', content: FUNCTIONS });
    await editor.page.waitForSelector('.monaco-editor.focused');
    await editor.type('ret');
    await editor.waitForGhostText();
    await editor.picture('untitled');
    assert.match(await editor.report(), /Where \| Untitled-\d, line 6/);
  });

  it('a cell of a notebook is completed', async () => {
    await editor.ask('openNotebook', { file: 'cells.ipynb' });
    const cell = editor.page.locator('.notebook-editor .monaco-editor').first();
    await cell.waitFor();
    await cell.locator('.view-line').last().click();
    await editor.press('Control+End');
    await editor.type('ret');
    await editor.waitForGhostText();
    await editor.picture('notebook');
    assert.match(await editor.report(), /Where \| \S*cells\.ipynb, line \d/);
  });

  it('the changed side of a comparison is completed', async () => {
    await editor.ask('compare', { left: 'older.py', right: 'inventory.py' });
    const right = editor.page.locator('.monaco-diff-editor .editor.modified');
    await right.locator('.view-line').first().waitFor();
    await right.click();
    await editor.press('Control+g');
    await editor.type('39:13');
    await editor.press('Enter');
    await editor.type('raise ');
    await editor.waitForGhostText();
    await editor.picture('comparison');
  });

  it('a file of 20 MB is left alone, and the status item says why', async () => {
    await editor.ask('show', { file: 'large.py', line: 3, character: 0 });
    await editor.waitForStatus((status) => status === 'Foretoken: off here');
    assert.match(await editor.spokenStatus(), /more than 10 million characters/);
    await editor.type('t');
    assert.match(await editor.report(), /large\.py: Nothing is suggested here: the file has more than 10 million/);
    await editor.picture('large file');
  });

  it('a file that cannot be written is left alone, and the status item says why', async () => {
    await editor.ask('showAddress', { address: 'probe-fixed:/fixed.py' });
    await editor.waitForStatus((status) => status === 'Foretoken: off here');
    assert.match(await editor.spokenStatus(), /the file cannot be written/);
    await editor.picture('read-only file');
  });

  it('an editor made read-only gets no suggestion, and the report says why that may be', async () => {
    await editor.openAt('queue.ts', 38, 5);
    await editor.command('workbench.action.files.setActiveEditorReadonlyInSession');
    const before = await editor.text();
    await editor.type('th');
    assert.equal(await editor.text(), before);
    assert.equal(await editor.ghostText(), '');
    const report = await editor.report();
    await editor.command('workbench.action.files.resetActiveEditorReadonlyInSession');
    assert.match(report, /queue\.ts: .*The last request was not about it\..*read-only/);
  });
});

describe('A restricted workspace in VS Code', function () {
  this.timeout(180_000);
  let session: HostSession;

  after(() => session?.close());

  it('is completed, but what it says about model, device and files is not taken', async () => {
    session = await openHostSession({
      settings: { ...SETTINGS, 'foretoken.exclude': ['queue.ts'] },
      isRestricted: true,
      fill: (workspace) => {
        mkdirSync(path.join(workspace, '.vscode'));
        writeFileSync(
          path.join(workspace, '.vscode', 'settings.json'),
          JSON.stringify({ 'foretoken.model': '/nowhere', 'foretoken.device': 'cuda', 'foretoken.exclude': [] }),
        );
      },
    });
    const { editor } = session;
    assert.equal(await editor.ask('trust'), false);
    await editor.openAt('inventory.py', 39, 13);
    await editor.waitForStatus((status) => status === 'Foretoken');
    assert.match(await editor.spokenStatus(), /This workspace is not trusted/);
    await editor.type('raise ');
    await editor.waitForGhostText();
    await editor.picture('restricted workspace');
    await editor.discardFile();
    await editor.openAt('queue.ts', 38, 5);
    await editor.waitForStatus((status) => status === 'Foretoken: off here');
  });
});

describe('A window without a folder', function () {
  this.timeout(180_000);
  let session: HostSession;

  after(() => session?.close());

  it('starts the engine with the first file and completes it', async () => {
    session = await openHostSession({ settings: SETTINGS, withoutFolder: true });
    const { editor } = session;
    assert.match(await editor.spokenStatus(), /starts with the first file/);
    await editor.ask('showNew', { language: 'python', content: FUNCTIONS });
    await editor.page.waitForSelector('.monaco-editor.focused');
    await editor.type('ret');
    await until(async () => (await editor.status()) === 'Foretoken');
    await editor.waitForGhostText();
    await editor.picture('no folder');
  });
});
