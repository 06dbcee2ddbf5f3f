import axe from 'axe-core';
import type { FrameLocator, Locator } from 'playwright-core';
import type { EditorPage } from './editorPage.ts';
import { until } from './editorPage.ts';

/** What axe-core says about one rule that is broken. */
export interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly string[];
}

/** The tuning panel in the editor's window: a page in a frame in a frame. */
export class TuningPage {
  private readonly editor: EditorPage;
  private readonly frame: FrameLocator;

  private constructor(editor: EditorPage) {
    this.editor = editor;
    this.frame = editor.page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
  }

  static async open(editor: EditorPage, command: string): Promise<TuningPage> {
    await editor.ask('start', { id: command });
    const page = new TuningPage(editor);
    await page.find('#live').waitFor({ timeout: 30_000 });
    return page;
  }

  find(selector: string): Locator {
    return this.frame.locator(selector);
  }

  async text(selector: string): Promise<string> {
    return (await this.find(selector).textContent()) ?? '';
  }

  /** Rows of a table as texts. */
  async rows(selector: string): Promise<readonly (readonly string[])[]> {
    const rows = await this.find(`${selector} tr`).all();
    return Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()));
  }

  async waitForText(selector: string, pattern: RegExp, timeoutMs = 30_000): Promise<void> {
    let seen = '';
    await until(async () => {
      seen = await this.text(selector);
      return pattern.test(seen);
    }, timeoutMs).catch(() => {
      throw new Error(`${selector} never matched ${pattern}; it says ${JSON.stringify(seen)}`);
    });
  }

  /** The id, or the text, of what has the focus inside the page. */
  focused(): Promise<string> {
    return this.find('html').evaluate(({ ownerDocument }) => {
      const element = ownerDocument.activeElement;
      return element === null ? '' : element.id || (element.getAttribute('aria-label') ?? element.textContent ?? '');
    });
  }

  /** What axe-core finds in the page, of the gravest two grades. */
  async violations(): Promise<readonly Violation[]> {
    const html = await this.find('html').elementHandle();
    const frame = (await html!.ownerFrame())!;
    // The page's policy forbids scripts from elsewhere; the browser's debugger, which runs this, is not bound by it.
    await frame.evaluate(axe.source);
    const found = await frame.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, impact, nodes }) => ({
        id,
        impact: String(impact),
        nodes: nodes.map(({ html: code, failureSummary }) => `${code} ${failureSummary}`),
      }));
  }

  isVisible(): Promise<boolean> {
    return this.find('#live').isVisible();
  }

  /** Waits until a change of theme or size has reached the page: two frames look the same. */
  async settle(): Promise<void> {
    let before = '';
    await until(async () => {
      const after = (await this.editor.page.screenshot()).toString('base64');
      const isSame = after === before;
      before = after;
      return isSame;
    });
  }
}
