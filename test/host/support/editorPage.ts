import { request } from 'node:http';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

const CHROMIUM = process.env.FORETOKEN_CHROMIUM ?? '/usr/bin/chromium';
/** Our status bar item: publisher.name.id. */
const STATUS = '[id="foretoken.foretoken.foretoken.status"]';
/** Spans of ghost text: in the cursor's line, and in the lines that are drawn below it. */
const GHOST_TEXT = [
  '.view-line .ghost-text-decoration',
  '.view-line .ghost-text-decoration-preview',
  '.suggest-preview-text .ghost-text',
].join(', ');

/** Ghost text that has been the same for so long is whole. */
const WHOLE_MS = 1500;

/** The line of the cursor at one moment, as it was drawn. */
export interface SeenGhostText {
  /** Without the ghost text. */
  readonly line: string;
  readonly ghostText: string;
}

/** A VS Code window in a browser, driven as a person would: by keys and by what is on the screen. */
export class EditorPage {
  readonly page: Page;
  private readonly browser: Browser;
  private readonly probeSocket: string;
  private readonly pictures: string;

  private constructor(browser: Browser, page: Page, probeSocket: string, pictures: string) {
    this.browser = browser;
    this.page = page;
    this.probeSocket = probeSocket;
    this.pictures = pictures;
  }

  /** Opens the window and waits until Foretoken runs in it. `pictures` is the folder for screenshots. */
  static async open(url: string, probeSocket: string, pictures: string): Promise<EditorPage> {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    const page = await browser.newPage({
      viewport: { width: 1100, height: 720 },
      // Without them the browser asks, and nobody is there to answer.
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await page.goto(url);
    const editor = new EditorPage(browser, page, probeSocket, pictures);
    await page.waitForSelector(STATUS, { timeout: 90_000 });
    return editor;
  }

  /** Opens a file of the workspace with the cursor at a position as people count, from 1. */
  async openAt(file: string, line: number, column: number): Promise<void> {
    await this.ask('show', { file, line: line - 1, character: column - 1 });
    await this.page.waitForSelector(`.tab.active[data-resource-name="${file}"]`);
    await this.page.waitForSelector('.monaco-editor.focused');
  }

  /** Types at the pace of a person: one key every `delayMs`. */
  async type(text: string, delayMs = 90): Promise<void> {
    await this.page.keyboard.type(text, { delay: delayMs });
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  /** The ghost text on the screen; empty when there is none. */
  async ghostText(): Promise<string> {
    const spans = await this.page.locator(GHOST_TEXT).evaluateAll((elements) => {
      const lines = elements.map((element) => element.closest('.view-line'));
      return elements.map((element, index) => ({
        text: element.textContent,
        startsLine: index > 0 && lines[index] !== lines[index - 1],
      }));
    });
    return spans
      .map(({ text, startsLine }) => (startsLine ? '\n' : '') + text)
      .join('')
      .replaceAll('\u00a0', ' ');
  }

  /** Waits for ghost text that satisfies `accept`; rejects with what was on the screen. */
  async waitForGhostText(
    accept: (text: string) => boolean = (text) => text.trim() !== '',
    timeoutMs = 60_000,
  ): Promise<string> {
    let seen = '';
    await until(async () => {
      seen = await this.ghostText();
      return accept(seen);
    }, timeoutMs).catch(() => {
      throw new Error(`no such ghost text; on the screen: ${JSON.stringify(seen)}`);
    });
    return seen;
  }

  /** Waits for ghost text that grows no more. */
  async waitForWholeGhostText(): Promise<string> {
    let seen = await this.waitForGhostText();
    let sinceMs = performance.now();
    await until(async () => {
      const now = await this.ghostText();
      if (now !== seen) {
        [seen, sinceMs] = [now, performance.now()];
      }
      return seen.trim() !== '' && performance.now() - sinceMs > WHOLE_MS;
    });
    return seen;
  }

  /** Notes from now on, every few milliseconds, what the line of the cursor and the ghost text in it are. */
  async watchGhostText(): Promise<void> {
    await this.page.locator('.monaco-workbench').evaluate((workbench, selector) => {
      const seen: SeenGhostText[] = [];
      Object.assign(globalThis, { seenGhostText: seen });
      // Without a name of its own: the loader of these tests would mark it with a helper that the page does not have.
      workbench.ownerDocument.defaultView?.setInterval(() => {
        const editor = workbench.querySelector('.monaco-editor.focused');
        const top = editor?.querySelector('.cursor')?.style.top;
        const lines = [...(editor?.querySelectorAll('.view-line') ?? [])];
        const current = lines.find((element) => element.style.top === top);
        if (current !== undefined) {
          const ghostText = [...current.querySelectorAll(selector)].map((element) => element.textContent).join('');
          const line = (current.textContent ?? '').replace(ghostText, '');
          const last = seen[seen.length - 1];
          if (last === undefined || last.line !== line || last.ghostText !== ghostText) {
            seen.push({ line, ghostText });
          }
        }
      }, 8);
    }, GHOST_TEXT);
  }

  /** What was noted, each change once. */
  seenGhostText(): Promise<readonly SeenGhostText[]> {
    return this.page.evaluate(() => (globalThis as unknown as { seenGhostText: SeenGhostText[] }).seenGhostText);
  }

  async waitForNoGhostText(): Promise<void> {
    await until(async () => (await this.ghostText()) === '');
  }

  /** The text of our status bar item. */
  async status(): Promise<string> {
    return ((await this.page.locator(STATUS).textContent()) ?? '').trim();
  }

  /** What a screen reader says of the status bar item. */
  async spokenStatus(): Promise<string> {
    return (await this.page.locator(`${STATUS} a`).getAttribute('aria-label')) ?? '';
  }

  /** A picture of the right half of the status bar, large enough to read. */
  async statusPicture(name: string): Promise<void> {
    const bar = await this.page.locator('.part.statusbar').boundingBox();
    const item = await this.page.locator(STATUS).boundingBox();
    if (bar === null || item === null) {
      throw new Error('the status bar is hidden');
    }
    const x = Math.max(0, item.x - 60);
    const clip = { x, y: bar.y, width: Math.min(bar.width - x, 420), height: bar.height };
    await this.page.screenshot({ path: path.join(this.pictures, `status ${name}.png`), clip });
  }

  async clickStatus(): Promise<void> {
    await this.page.locator(STATUS).click();
  }

  /** Waits for a list to choose from; label and description of each line, without its detail. */
  async pickerLines(): Promise<readonly string[]> {
    const rows = this.page.locator('.quick-input-list .monaco-list-row .quick-input-list-row:first-child');
    await rows.first().waitFor();
    const texts = await rows.evaluateAll((elements) =>
      elements.map((element) =>
        ['.label-name', '.label-description']
          .map((part) => element.querySelector(part)?.textContent?.trim() ?? '')
          .join(' ')
          .trim(),
      ),
    );
    return texts;
  }

  async waitForPickerToClose(): Promise<void> {
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** The messages on the screen. */
  async notifications(): Promise<readonly string[]> {
    return this.page.locator('.notification-toast .notification-list-item-message').allTextContents();
  }

  /** What the explain command would show now; the query makes it a document that VS Code has not read yet. */
  report(): Promise<string> {
    return this.ask('open', { address: `foretoken-report:/report.md?${performance.now()}` });
  }

  /** The text of the active file as the extension host has it. */
  text(): Promise<string> {
    return this.ask('text');
  }

  async waitForStatus(accept: (text: string) => boolean, timeoutMs = 60_000): Promise<void> {
    await until(async () => accept(await this.status()), timeoutMs);
  }

  /** Asks the probe extension inside the extension host. */
  ask<Answer = unknown>(question: string, parameters: object = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.probeSocket, method: 'POST' }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => {
          const { answer, error } = JSON.parse(body) as { answer: Answer; error?: string };
          if (error === undefined) {
            resolve(answer);
          } else {
            reject(new Error(`${question}: ${error}`));
          }
        });
      });
      call.on('error', reject);
      call.end(JSON.stringify({ question, ...parameters }));
    });
  }

  command(id: string, ...parameters: readonly unknown[]): Promise<unknown> {
    return this.ask('command', { id, parameters });
  }

  /** Runs a command as a person would, from the command palette. */
  async runFromPalette(title: string): Promise<void> {
    await this.press('F1');
    await this.pickerLines();
    await this.type(title, 10);
    await this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title }).waitFor();
    await this.press('Enter');
  }

  /** Undoes what was typed and closes the file. */
  async discardFile(): Promise<void> {
    await this.command('workbench.action.files.revert');
    await this.command('workbench.action.closeActiveEditor');
  }

  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: path.join(this.pictures, `${name}.png`) });
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

/** Asks again, every 20 ms, until the answer is yes. */
export async function until(isDone: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isDone())) {
    if (performance.now() > endMs) {
      throw new Error(`it did not happen within ${timeoutMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
