import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildTinyModel } from '../../src/model/tinyModel.ts';
import type { HostSession } from './support/hostSession.ts';
import { openHostSession } from './support/hostSession.ts';

const MAIN = [
  "import { squareSize } from './lib/geometry';",
  '',
  'export function roomSize(roomWidth: number, roomDepth: number): number {',
  '  const roomMargin = squareSize(roomWidth);',
  '  ',
  '}',
  '',
].join('\n');
const GEOMETRY = 'export function squareSize(edgeLength: number): number {\n  return edgeLength * edgeLength;\n}\n';
/** More like the place than any other file. */
const SIMILAR = `${MAIN.replaceAll('roomSize', 'roomSizes')}\n`;

describe('Other files in VS Code, on a device that reads fast', function () {
  this.timeout(180_000);
  let session: HostSession;
  let model: string;

  before(async () => {
    model = mkdtempSync(path.join(tmpdir(), 'foretoken-tiny-'));
    assert.ok((await buildTinyModel(model)).ok);
    session = await openHostSession({
      settings: { 'foretoken.model': model, 'git.enabled': true, 'security.workspace.trust.enabled': false },
      fill: (workspace) => {
        mkdirSync(path.join(workspace, 'lib'));
        writeFileSync(path.join(workspace, 'main.ts'), MAIN);
        writeFileSync(path.join(workspace, 'lib', 'geometry.ts'), GEOMETRY);
        writeFileSync(path.join(workspace, 'open.ts'), SIMILAR);
        writeFileSync(path.join(workspace, 'ignored.ts'), SIMILAR);
        writeFileSync(path.join(workspace, '.gitignore'), 'ignored.ts\n');
        execFileSync('git', ['init', '--quiet'], { cwd: workspace });
      },
    });
  });

  after(async () => {
    await session?.close();
    rmSync(model, { recursive: true, force: true });
  });

  /** The report's line on other files, once it satisfies; otherwise the last one seen. */
  async function otherFiles(accept: (line: string) => boolean): Promise<string> {
    const { editor } = session;
    let line = '';
    for (let attempt = 0; attempt < 20 && !accept(line); attempt++) {
      // The cursor rests, the engine reads, and the next key is answered from what it read.
      await editor.type('r');
      await editor.page.waitForTimeout(1500);
      const report = await editor.report();
      line = report.match(/^\| From other files \|.*$/m)?.[0] ?? line;
    }
    return line;
  }

  it('the definition of a name near the cursor and what is open are shown to the model; what Git ignores is not', async () => {
    const { editor } = session;
    await editor.openAt('ignored.ts', 1, 1);
    await editor.openAt('open.ts', 1, 1);
    await editor.openAt('main.ts', 5, 3);
    await editor.waitForStatus((status) => status === 'Foretoken');
    const line = await otherFiles((text) => text.includes('geometry.ts') && text.includes('open.ts'));
    assert.match(line, /open\.ts \(\d+ characters\), \S*lib\/geometry\.ts \(\d+ characters\)/);
    assert.doesNotMatch(line, /ignored\.ts/);
  });

  it('nothing of them is, once that is turned off', async () => {
    const { editor } = session;
    await editor.ask('configure', { key: 'foretoken.openFiles', value: false });
    assert.match(await otherFiles((text) => text.includes('nothing')), /\| nothing \|/);
  });
});
