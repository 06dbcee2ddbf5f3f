import assert from 'node:assert/strict';
import type { EditorPage } from './support/editorPage.ts';
import { until } from './support/editorPage.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';
import { TuningPage } from './support/tuningPage.ts';

const THEMES = [
  ['light', 'Default Light Modern'],
  ['dark', 'Default Dark Modern'],
  ['high contrast', 'Default High Contrast'],
] as const;
const SIZES = [
  { width: 800, height: 3400 },
  { width: 1600, height: 2100 },
] as const;

describe('The tuning panel in VS Code', function () {
  this.timeout(400_000);
  let session: HostSession;
  let editor: EditorPage;
  let panel: TuningPage;

  before(async () => {
    session = await openHostSession({ settings: { 'editor.autoClosingBrackets': 'never' } });
    editor = session.editor;
    await editor.openAt('inventory.py', 39, 13);
    await editor.waitForStatus((status) => status === 'Foretoken');
    await editor.type('raise ');
    await editor.waitForGhostText();
    panel = await TuningPage.open(editor, 'foretoken.openTuningPanel');
    await editor.page.setViewportSize({ width: 1600, height: 2100 });
    await editor.command('workbench.action.closeSidebar');
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await editor.picture(`failed ${this.currentTest.title.replaceAll(/\W+/g, ' ')}`);
    }
  });

  after(() => session?.close());

  it('shows the figures of what was typed', async () => {
    const rows = await panel.rows('#live table.bars');
    assert.match(await panel.text('.tile:first-child .figure'), /^[1-9]/);
    assert.match(await panel.text('.tile:last-child'), /Memory of the engine[\d,]+ MB.*on cpu/);
    const names = rows.map(([name]) => name);
    for (const name of ['1', 'lookup', 'Reading the prompt', '2,000 and more', 'Suggested', 'Typed along']) {
      assert.ok(names.includes(name), names.join('\n'));
    }
  });

  it('draws the draft of a step with sources and probabilities, and steps through the suggestion', async () => {
    const nodes = await panel.find('.tree .node').allInnerTexts();
    assert.ok(
      nodes.some((node) => /lookup \d+ %/.test(node)),
      nodes.join('\n'),
    );
    assert.ok(nodes.some((node) => /model \d+ %/.test(node)));
    assert.equal(await panel.find('.tree .own').count(), 1);
    await panel.find('#step').focus();
    await editor.press('Home');
    await panel.waitForText('.stepper', /Step 1 of \d+/);
    await panel.waitForText('#suggestion', /The prompt was read in/);
    await panel.find('#next-step').click();
    await panel.waitForText('.stepper', /Step 2 of \d+/);
  });

  it('is reached by keyboard alone, in the order it is read', async () => {
    await panel.find('nav a').first().focus();
    const seen: string[] = [];
    for (let stop = 0; stop < 40 && !seen.includes('benchmark-start'); stop++) {
      seen.push(await panel.focused());
      await editor.press('Tab');
    }
    const controls = [
      ...['request', 'Text of the suggestion', 'previous-step', 'step', 'next-step', 'Draft tree'],
      ...['trial-method', 'trial-size', 'trial-tree', 'trial-exact', 'trial-start', 'trial-cancel', 'trial-apply'],
      ...['open-settings', 'source-both', 'benchmark-start'],
    ];
    assert.deepEqual(
      seen.filter((name) => controls.includes(name)),
      controls,
    );
  });

  it('tries another method and typical acceptance, writes them, and the next request uses them', async () => {
    await panel.find('#trial-method').selectOption('lookup');
    // The panel shows what its host holds, which follows a moment later.
    await panel.find('#trial-typical').click();
    await until(() => panel.find('#trial-typical').isChecked());
    await panel.find('#trial-threshold').fill('0.4');
    await panel.waitForText('#trial output[for="trial-threshold"]', /0\.40/);
    await panel.find('#trial-start').click();
    await panel.waitForText('#trial', /Done\./, 200_000);
    const rows = await panel.rows('#trial table.figures');
    assert.deepEqual(rows[0]?.slice(1), ['present: auto, up to 8, exact', 'tried: lookup, up to 8, typical 0.4']);
    assert.deepEqual(
      rows.slice(1).map(([name]) => name),
      [
        ...['Speed', 'Tokens per second', 'Tokens per forward', 'Time per suggestion'],
        ...['Drafted tokens accepted', 'Texts changed'],
      ],
    );
    assert.equal(rows[1]?.[1], '1.00×');
    await panel.find('#trial-apply').click();
    await until(async () => (await editor.ask('setting', { key: 'foretoken.acceptance.threshold' })) === 0.4);
    await until(async () => (await editor.ask('setting', { key: 'foretoken.draft.method' })) === 'lookup');
    await panel.waitForText('#trial', /Since then something was changed/);
    await editor.openAt('inventory.py', 47, 54);
    await editor.type('q');
    await editor.waitForGhostText();
    const text = await editor.ask<string>('open', { address: `foretoken-report:/report.md?${performance.now()}` });
    assert.match(text, /method lookup,/);
    assert.match(text, /foretoken\.acceptance\.mode \| "typical"/);
    assert.match(text, /foretoken\.acceptance\.threshold \| 0\.4/);
    assert.match(text, /## Tokens[\s\S]*\| 1 \| `\S+` \| (healed|model) \| \d+% \|/);
  });

  it('benchmarks this machine from the command, can be cancelled, and recommends a method with its evidence', async () => {
    await TuningPage.open(editor, 'foretoken.benchmarkMachine');
    await panel.waitForText('#benchmark', /Running/);
    assert.equal(await panel.focused(), 'benchmark-title');
    await panel.find('#benchmark-cancel').click();
    await panel.waitForText('#benchmark', /Cancelled\./);
    await panel.find('#source-requests').check();
    await panel.find('#benchmark-start').click();
    await panel.waitForText('#benchmark', /Done\./, 300_000);
    const rows = await panel.rows('#benchmark table.figures');
    assert.deepEqual(rows.map(([method]) => method).slice(0, 3), ['Method', 'off', 'lookup']);
    assert.match(await panel.text('#benchmark'), /Use “\w+”|Too few places/);
    assert.match(await panel.text('#benchmark'), /acceptance: typical 0\.4/);
  });

  it('looks right in every theme and width, without a grave fault for people who cannot see', async () => {
    await editor.command('workbench.action.maximizeEditorHideSidebar');
    await panel.find('#suggestion summary').click();
    for (const [name, theme] of THEMES) {
      await editor.ask('configure', { key: 'workbench.colorTheme', value: theme });
      for (const size of SIZES) {
        await editor.page.setViewportSize(size);
        await panel.settle();
        await editor.picture(`tuning ${name} ${size.width}`);
      }
      assert.deepEqual(await panel.violations(), [], name);
    }
  });

  it('is thrown away while it is hidden, and comes back as it was', async () => {
    await editor.page.setViewportSize({ width: 1600, height: 2100 });
    await editor.command('workbench.action.joinAllGroups');
    await editor.openAt('inventory.py', 47, 54);
    await until(
      async () => (await editor.page.locator('iframe.webview.ready').count()) === 0 || !(await panel.isVisible()),
    );
    await TuningPage.open(editor, 'foretoken.openTuningPanel');
    await panel.waitForText('#benchmark', /Done\./);
  });
});
