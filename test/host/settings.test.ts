import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildTinyModel } from '../../src/model/tinyModel.ts';
import { SETTINGS } from '../../src/settings/settings.ts';
import type { EditorPage } from './support/editorPage.ts';
import { until } from './support/editorPage.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';

/** A setting is changed, with text being typed before, meanwhile and after; then its effect is looked for. */
interface Change {
  readonly key: string;
  readonly value: unknown;
  /** What is typed while the setting changes; the beginning of a statement if not said. */
  readonly typed?: string;
  /** What is typed then, so that the engine is asked anew; another line if not said. */
  readonly next?: string;
  /** What the explain report says after the next request. */
  readonly report?: RegExp;
  /** What the status item says. */
  readonly status?: RegExp;
}

const IN_IF: readonly [number, number] = [39, 13];

const CHANGES: readonly Change[] = [
  { key: 'enabled', value: false, status: /: off$/, report: /Suggestions are turned off/ },
  { key: 'languages', value: { '*': true, python: false }, status: /off for python/, report: /for this language/ },
  {
    key: 'suggestIn',
    value: { comments: false, strings: true, prose: true },
    typed: '# it is ',
    next: '_',
    report: /turned off inside comments/,
  },
  { key: 'include', value: ['*.ts'], status: /off here/, report: /no glob of the setting/ },
  { key: 'exclude', value: ['inventory.py'], status: /off here/, report: /by a glob[^(]*\(inventory\.py\)/ },
  { key: 'openFiles', value: false, report: /foretoken\.openFiles \| false/ },
  { key: 'trigger', value: 'manual', report: /only on request/ },
  { key: 'delay', value: 0, report: /foretoken\.delay\) \| 0\.0 ms[\s\S]*foretoken\.delay \| 0 \|/ },
  { key: 'deadline', value: 0, report: /foretoken\.deadline \| 0 \|/ },
  { key: 'firstText', value: 0, report: /foretoken\.firstText \| 0 \|/ },
  { key: 'maxTokens', value: 2, report: /Written \| [12] tokens/ },
  { key: 'quietness', value: 100, report: /not sure enough of its text/ },
  {
    key: 'maxLines',
    value: 1,
    // A block where more lines are allowed.
    typed: 'if not sku:\n',
    next: '',
    report: /Wanted \| the rest of the line/,
  },
  {
    key: 'quantization',
    value: 'q4',
    status: /preparing|looking|building|downloading|waiting|no model|loading|reading/,
  },
  { key: 'device', value: 'cuda', status: /degraded/, report: /foretoken\.device \| "cuda"/ },
  { key: 'threads', value: 1, report: /threads: 1\)/ },
  { key: 'cacheMegabytes', value: 32, report: /foretoken\.cacheMegabytes \| 32/ },
  { key: 'draft.method', value: 'off', report: /method off, 0 drafted/ },
  { key: 'draft.maxTokens', value: 1, report: /foretoken\.draft\.maxTokens \| 1 \|/ },
  { key: 'draft.tree', value: true, report: /foretoken\.draft\.tree \| true/ },
  { key: 'draft.stopConfidence', value: 0.95, report: /foretoken\.draft\.stopConfidence \| 0\.95/ },
  { key: 'acceptance.mode', value: 'typical', report: /foretoken\.acceptance\.mode \| "typical"/ },
  { key: 'acceptance.threshold', value: 0.4, report: /foretoken\.acceptance\.threshold \| 0\.4/ },
];

describe('Settings in VS Code, changed while typing goes on', function () {
  this.timeout(180_000);
  let session: HostSession;
  let editor: EditorPage;

  before(async () => {
    session = await openHostSession({ settings: { 'editor.autoClosingBrackets': 'never' } });
    editor = session.editor;
    await editor.openAt('inventory.py', ...IN_IF);
    await editor.waitForStatus((status) => status === 'Foretoken');
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await editor.picture(`failed ${this.currentTest.title.replaceAll(/\W+/g, ' ')}`);
    }
  });

  after(() => session?.close());

  it('are all changed here', () => {
    const keys = [...CHANGES.map(({ key }) => key), 'model'];
    assert.deepEqual(
      keys.sort(),
      Object.values(SETTINGS)
        .map(({ key }) => key)
        .sort(),
    );
  });

  for (const change of CHANGES) {
    it(`${change.key}: takes ${JSON.stringify(change.value)} and goes back`, async () => {
      await checkChange(editor, change);
    });
  }

  it('model: takes the folder of another one and goes back', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'foretoken-tiny-'));
    try {
      assert.ok((await buildTinyModel(directory)).ok);
      await checkChange(editor, { key: 'model', value: directory, report: /tiny/ });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('says once, for all together, which values were out of range and what is used', async () => {
    await editor.openAt('inventory.py', ...IN_IF);
    await editor.ask('configure', { key: 'foretoken.delay', value: 99_999 });
    const message = 'foretoken.delay is 99999, outside 0 to 2000; 2000 is used.';
    await until(async () => (await editor.notifications()).some((text) => text.includes(message)));
    await editor.picture('value out of range');
    await editor.type('r');
    assert.equal((await editor.notifications()).filter((text) => text.includes(message)).length, 1);
    await editor.command('notifications.clearAll');
    await editor.ask('configure', { key: 'foretoken.delay', value: undefined });
    await editor.discardFile();
  });

  it('are shown together on the settings page', async () => {
    await editor.page.setViewportSize({ width: 1100, height: 1400 });
    await editor.command('workbench.action.openSettings', '@ext:foretoken.foretoken');
    await editor.page.getByText('Suggest code while you type.').waitFor();
    await editor.picture('settings page');
    await editor.page.locator('.settings-tree-container').hover();
    for (const part of [2, 3]) {
      await editor.page.mouse.wheel(0, 1100);
      await editor.page.waitForTimeout(500);
      await editor.picture(`settings page ${part}`);
    }
  });
});

async function checkChange(editor: EditorPage, change: Change): Promise<void> {
  const key = `foretoken.${change.key}`;
  await editor.openAt('inventory.py', ...IN_IF);
  try {
    const typing = editor.type(change.typed ?? 'raise V', 120);
    await editor.ask('configure', { key, value: change.value });
    await typing;
    if (change.status !== undefined) {
      await editor.waitForStatus((status) => change.status!.test(status));
    }
    if (change.report !== undefined) {
      await editor.waitForStatus((status) => !/loading|restarting|preparing/.test(status));
      await editor.type(change.next ?? '\nitem.');
      await waitForReport(editor, change.report);
    }
  } finally {
    await editor.ask('configure', { key, value: undefined });
    await editor.press('Escape');
  }
  await editor.discardFile();
  await editor.openAt('inventory.py', ...IN_IF);
  await editor.waitForStatus((status) => status === 'Foretoken', 120_000);
  await editor.type('raise ');
  await editor.waitForGhostText();
  await editor.discardFile();
  await editor.command('notifications.clearAll');
}

async function waitForReport(editor: EditorPage, expected: RegExp): Promise<void> {
  let seen = '';
  await until(async () => {
    seen = await editor.report();
    return expected.test(seen);
  }, 40_000).catch(() => assert.match(seen, expected));
}
