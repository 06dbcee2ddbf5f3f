import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EditorPage, SeenGhostText } from './support/editorPage.ts';
import { until } from './support/editorPage.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';

/** Twelve characters a second. */
const FAST_KEY_MS = 83;
const FAST_CHARS = 300;

/** A place where a suggestion is awaited and taken. */
interface Place {
  readonly name: string;
  readonly file: string;
  readonly at: readonly [line: number, column: number];
  readonly typed: string;
  /** What the ghost text must be for the picture to show what it is meant to. */
  readonly accept?: (text: string) => boolean;
  /** What must hold of the file with the suggestion taken. */
  readonly check: (text: string) => void;
}

const PLACES: readonly Place[] = [
  {
    name: 'a block of several lines',
    file: 'remove.py',
    at: [43, 9],
    typed: '',
    accept: (text) => text.includes('\n'),
    check: (text) => assert.match(text, /nothing of it is left\."""\n {8}\S.*\n {8}/),
  },
  {
    name: 'inside a word',
    file: 'queue.ts',
    at: [38, 5],
    typed: 'this.pau',
    accept: (text) => text.startsWith('sed'),
    check: (text) => assert.match(text, /^ {4}this\.paused/m),
  },
  {
    name: 'before a bracket that the editor closed',
    file: 'inventory.py',
    at: [39, 13],
    typed: 'print(',
    check: (text) => {
      const line = text.split('\n')[38]!;
      assert.equal(line.split('(').length, line.split(')').length, line);
      assert.doesNotMatch(line, /print\(\)/);
    },
  },
  {
    name: 'in a file with CRLF line ends',
    file: 'windows.py',
    at: [39, 13],
    typed: 'raise ',
    check: (text) => assert.equal(text.split('\r\n').length, text.split('\n').length),
  },
];

const REMOVE = `
            raise ValueError("not enough in stock")

    def remove(self, sku: str) -> Item:
        """Takes an item out of the inventory, if nothing of it is left."""
        ${''}
`;

describe('Typing in VS Code', function () {
  this.timeout(240_000);
  let session: HostSession;
  let editor: EditorPage;

  before(async () => {
    session = await openHostSession({
      // A block is as long as it is, however slow the machine.
      settings: { 'foretoken.deadline': 0, 'editor.quickSuggestions': false },
      fill: (workspace) => {
        const text = readFileSync(path.join(workspace, 'inventory.py'), 'utf8');
        writeFileSync(path.join(workspace, 'windows.py'), text.replaceAll('\n', '\r\n'));
        writeFileSync(path.join(workspace, 'remove.py'), text.replace(`\n${' '.repeat(12)}\n`, REMOVE));
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
    await editor.discardFile();
  });

  after(() => session?.close());

  for (const { name, file, at, typed, accept, check } of PLACES) {
    it(`suggests ${name}, and Tab takes it`, async () => {
      await editor.openAt(file, ...at);
      await editor.type(typed);
      await editor.press('Escape');
      await editor.command('foretoken.trigger');
      await editor.waitForGhostText(accept);
      await editor.picture(`ghost text ${name}`);
      const before = await editor.text();
      await editor.press('Tab');
      // There may be ghost text again at once: the next suggestion.
      await until(async () => (await editor.text()) !== before);
      check(await editor.text());
    });
  }

  it('shows the beginning of a suggestion first, and lets it grow without a gap', async () => {
    await editor.ask('configure', { key: 'foretoken.firstText', value: 1 });
    const seen = await ghostTextsAfter('raise ValueE');
    await editor.ask('configure', { key: 'foretoken.firstText', value: undefined });
    const shown = seen.slice(seen.findIndex((text) => text !== ''));
    assert.ok(!shown.includes(''), JSON.stringify(seen));
    const grows = shown.some((text, index) => index > 0 && text.length > shown[index - 1]!.length);
    assert.ok(grows && shown.every((text) => shown.at(-1)!.startsWith(text)), JSON.stringify(seen));
  });

  it('does not show a suggestion again that was dismissed before it was whole', async () => {
    const seen = await ghostTextsAfter('raise KeyE', () => editor.press('Escape'));
    assert.ok(seen.length > 1, 'none was seen, so none could come again');
    assert.equal(seen.at(-1), '', JSON.stringify(seen));
  });

  /**
   * Each ghost text, and that there was none, in order: from the last of these keys on and for five seconds after the first ghost text,
   * at which something is done.
   */
  async function ghostTextsAfter(keys: string, atFirst?: () => Promise<void>): Promise<readonly string[]> {
    await editor.openAt('inventory.py', 39, 13);
    // What the keys before the last one are answered with is not what is looked at.
    await editor.ask('configure', { key: 'foretoken.trigger', value: 'manual' });
    await editor.type(keys.slice(0, -1));
    await editor.ask('configure', { key: 'foretoken.trigger', value: undefined });
    const seen = [''];
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        const text = await editor.ghostText();
        if (text !== seen.at(-1)) {
          seen.push(text);
        }
      }
    })();
    await editor.type(keys.slice(-1));
    // The file may have to be read first.
    await editor.waitForGhostText();
    await atFirst?.();
    await new Promise((resolve) => setTimeout(resolve, 5000));
    isOver = true;
    await watching;
    return seen;
  }

  it('keeps every key of a fast typist, in order, and shows no ghost text of before the last one', async () => {
    // Along what is suggested at first, then away from it.
    const text = `ValueError("${'there is not enough of what was asked for, and nothing else either; '.repeat(6)}`;
    const fast = text.slice(0, FAST_CHARS);
    await editor.ask('configure', { key: 'editor.autoClosingBrackets', value: 'never' });
    await editor.ask('configure', { key: 'editor.autoClosingQuotes', value: 'never' });
    await editor.openAt('inventory.py', 39, 13);
    await editor.type('raise ');
    await editor.waitForGhostText();
    await editor.watchGhostText();
    await editor.type(fast, FAST_KEY_MS);
    const seen = await editor.seenGhostText();
    assert.equal((await editor.text()).split('\n')[38], `${' '.repeat(12)}raise ${fast}`);
    assert.ok(
      seen.some(({ ghostText }) => ghostText !== ''),
      'no ghost text was ever seen, so none could be stale',
    );
    const stale = seen.filter((now, index) => index > 0 && isStale(seen[index - 1]!, now));
    assert.deepEqual(stale, []);
  });
});

/** The same ghost text behind a line that has grown: a key was typed since, and it does not know. */
function isStale(before: SeenGhostText, now: SeenGhostText): boolean {
  return now.ghostText !== '' && now.ghostText === before.ghostText && now.line !== before.line;
}
