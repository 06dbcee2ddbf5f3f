import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from '../support/animatedPng.ts';
import { animatedPng } from '../support/animatedPng.ts';
import type { EditorPage } from './support/editorPage.ts';
import { openHostSession } from './support/hostSession.ts';

const PICTURES = path.join(import.meta.dirname, '../../out/host');
const CLIP = { x: 0, y: 70, width: 760, height: 300 };
const MAX_BYTES = 600_000;

describe('The animation of the README', function () {
  this.timeout(180_000);

  it('shows typing, a suggestion, one of its words taken, then all of it', async () => {
    const session = await openHostSession({
      settings: { 'editor.autoClosingBrackets': 'never', 'editor.minimap.enabled': false, 'editor.fontSize': 16 },
    });
    try {
      const { editor } = session;
      await editor.page.setViewportSize({ width: 800, height: 500 });
      await editor.command('workbench.action.closeSidebar');
      await editor.openAt('inventory.py', 39, 13);
      await editor.waitForStatus((status) => status === 'Foretoken');
      const frames = await record(editor);
      const animation = animatedPng(frames);
      writeFileSync(path.join(PICTURES, 'typing.png'), animation);
      assert.ok(animation.length < MAX_BYTES, `${animation.length} bytes`);
    } finally {
      await session.close();
    }
  });
});

async function record(editor: EditorPage): Promise<readonly Frame[]> {
  const frames: Frame[] = [];
  const take = async (ms: number): Promise<void> => {
    frames.push({ png: await editor.page.screenshot({ clip: CLIP, caret: 'initial' }), ms });
  };
  await take(700);
  for (const key of 'raise ') {
    await editor.type(key, 0);
    await take(140);
  }
  await editor.waitForGhostText();
  await take(1300);
  await editor.press('Control+ArrowRight');
  await editor.waitForGhostText((text) => text.startsWith('('));
  await take(900);
  await editor.press('Tab');
  await editor.waitForNoGhostText();
  await take(1800);
  return frames;
}
