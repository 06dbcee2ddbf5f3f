import assert from 'node:assert/strict';
import type { EditorPage } from './support/editorPage.ts';
import { until } from './support/editorPage.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';

const STEPS = ['see', 'accept', 'tune', 'privacy'] as const;
type Step = (typeof STEPS)[number];

describe('Walkthrough in VS Code', function () {
  this.timeout(180_000);
  let session: HostSession;
  let editor: EditorPage;

  before(async () => {
    session = await openHostSession({ settings: { 'editor.autoClosingBrackets': 'never' } });
    editor = session.editor;
    // Narrower editors leave the pictures out.
    await editor.page.setViewportSize({ width: 1500, height: 800 });
    await editor.command('workbench.action.closeSidebar');
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await editor.picture(`failed ${this.currentTest.title.replaceAll(/\W+/g, ' ')}`);
    }
  });

  after(() => session?.close());

  it('shows four steps, none done, each with its picture in every theme', async () => {
    await open(editor);
    assert.deepEqual(await doneSteps(editor), []);
    for (const theme of ['Default Light Modern', 'Default High Contrast', 'Default Dark Modern']) {
      await editor.ask('configure', { key: 'workbench.colorTheme', value: theme });
      for (const step of STEPS) {
        await select(editor, step);
        await pictureIsThere(editor);
        await editor.picture(`walkthrough ${step} ${theme}`);
      }
    }
    await editor.ask('configure', { key: 'workbench.colorTheme', value: undefined });
  });

  it('completes the first step when a suggestion is shown in the sample file', async () => {
    await open(editor);
    await select(editor, 'see');
    await editor.page.getByRole('button', { name: 'Try It in a Sample File' }).first().click();
    await editor.page.waitForSelector('.tab.active[data-resource-name^="Untitled"]');
    await editor.waitForGhostText();
    await editor.picture('sample file');
    assert.deepEqual(await waitForDone(editor, ['see']), ['see']);
  });

  it('completes the second step when a word is accepted', async () => {
    await editor.command('foretoken.openSample');
    const shown = await editor.waitForWholeGhostText();
    await editor.press('Control+ArrowRight');
    await until(async () => (await editor.ghostText()).length < shown.length);
    assert.deepEqual(await waitForDone(editor, ['see', 'accept']), ['see', 'accept']);
  });

  it('completes the third step when a choice is looked at, and the last when a request is explained', async () => {
    await editor.runFromPalette('Foretoken: Choose Draft Method');
    await editor.page.locator('.quick-input-title', { hasText: 'Foretoken: draft method' }).waitFor();
    await editor.press('Escape');
    await editor.waitForPickerToClose();
    await waitForDone(editor, ['see', 'accept', 'tune']);
    await select(editor, 'privacy');
    await editor.page.getByRole('button', { name: 'Explain Last Request' }).first().click();
    await editor.page.waitForSelector('iframe.webview.ready');
    await waitForDone(editor, STEPS);
    await editor.picture('walkthrough done');
  });
});

async function open(editor: EditorPage): Promise<void> {
  await editor.command('foretoken.openWalkthrough');
  await stepButton(editor, 'see').waitFor();
}

async function select(editor: EditorPage, step: Step): Promise<void> {
  await stepButton(editor, step).click();
  await editor.page.waitForSelector(`.getting-started-step.expanded[data-step-id$="#${step}"]`);
}

function stepButton(editor: EditorPage, step: Step) {
  return editor.page.locator(`.getting-started-step[data-step-id$="#${step}"]`);
}

/** The picture is a page of its own inside the editor. */
async function pictureIsThere(editor: EditorPage): Promise<void> {
  const frame = editor.page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
  await frame.locator('svg').waitFor();
}

async function doneSteps(editor: EditorPage): Promise<readonly Step[]> {
  const ids = await editor.page
    .locator('[data-done-step-id].complete')
    .evaluateAll((elements) => elements.map((element) => element.getAttribute('data-done-step-id') ?? ''));
  return STEPS.filter((step) => ids.some((id) => id.endsWith(`#${step}`)));
}

async function waitForDone(editor: EditorPage, steps: readonly Step[]): Promise<readonly Step[]> {
  await open(editor);
  await until(async () => (await doneSteps(editor)).length >= steps.length);
  return doneSteps(editor);
}
