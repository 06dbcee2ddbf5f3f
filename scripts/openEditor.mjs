// `npm start -- --editor`: packages the extension and opens the sample workspace with it, in VS Code where the `code` command
// is there, otherwise in a real VS Code in the browser (code-server from npm, on 127.0.0.1 only).
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { note, root, run } from './setUp.mjs';

/** Returns when the editor was closed, or at once where VS Code itself was opened. */
export async function openEditor() {
  const target = `${process.platform}-${process.arch}`;
  note('packaging the extension');
  await run(process.execPath, [join(root, 'scripts/package.mjs'), '--target', target]);
  const vsix = join(root, 'out', `foretoken-${target}-slim.vsix`);
  const workspace = mkdtempSync(join(tmpdir(), 'foretoken-sample-'));
  cpSync(join(root, 'test/fixtures/workspace'), workspace, { recursive: true });
  if (hasCode()) {
    await run(codeCommand(), ['--install-extension', vsix, '--force'], {}, { shell: process.platform === 'win32' });
    await run(codeCommand(), [workspace], {}, { shell: process.platform === 'win32' });
    note(`opened ${workspace} in VS Code; its README.md says where to type`);
    return;
  }
  await openInBrowser(vsix, workspace);
}

function codeCommand() {
  return process.platform === 'win32' ? 'code.cmd' : 'code';
}

function hasCode() {
  return spawnSync(codeCommand(), ['--version'], { shell: process.platform === 'win32', stdio: 'ignore' }).status === 0;
}

async function openInBrowser(vsix, workspace) {
  const { cacheDirectory } = await tsImport('../src/model/cacheDirectory.ts', import.meta.url);
  const { installCodeServer } = await tsImport('../test/host/support/installCodeServer.ts', import.meta.url);
  const { startCodeServer } = await tsImport('../test/host/support/codeServer.ts', import.meta.url);
  note('VS Code is not on the PATH: a VS Code in the browser takes its place');
  const install = await installCodeServer(join(cacheDirectory(), 'test-tools'), note);
  const stateDirectory = mkdtempSync(join(tmpdir(), 'foretoken-editor-'));
  const settings = { 'workbench.startupEditor': 'readme' };
  const editor = await startCodeServer({ install, stateDirectory, workspace, extensions: [vsix], settings });
  process.stdout.write(`\nOpen this address in a browser on this machine:\n\n  ${editor.url}\n\n`);
  process.stdout.write(
    'README.md in the workspace says where to type. Ctrl+C ends the editor and deletes its copy of the sample files, with all that ' +
      'was written there.\n',
  );
  openBrowser(editor.url);
  await new Promise((resolve) => {
    process.on('SIGINT', resolve);
    process.on('SIGTERM', resolve);
    editor.process.once('exit', resolve);
  });
  await editor.close();
  rmSync(stateDirectory, { recursive: true, force: true });
  rmSync(workspace, { recursive: true, force: true });
}

/** Opens the person's browser where there is a desktop; elsewhere the printed address is enough. */
function openBrowser(url) {
  const command = { darwin: 'open', win32: 'explorer' }[process.platform] ?? 'xdg-open';
  if (process.platform === 'linux' && (process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY) === undefined) {
    return;
  }
  const browser = spawn(command, [url], { stdio: 'ignore', detached: true });
  browser.on('error', () => note('no browser could be opened; use the address above'));
  browser.unref();
}
