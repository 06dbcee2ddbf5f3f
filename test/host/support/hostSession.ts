import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDirectory } from '../../../src/model/cacheDirectory.ts';
import type { RunningEditor } from './codeServer.ts';
import { startCodeServer } from './codeServer.ts';
import { EditorPage } from './editorPage.ts';
import { installCodeServer } from './installCodeServer.ts';

const root = path.join(import.meta.dirname, '../../..');
const PICTURES = path.join(root, 'out', 'host');

export interface HostSession {
  readonly editor: EditorPage;
  /** Process ids of the workers of this editor. */
  workers(): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** A real VS Code with the packaged extension, a copy of the sample workspace, and a browser on it. */
export async function openHostSession(
  options: {
    readonly settings?: Readonly<Record<string, unknown>>;
    /** Opens no folder. */
    readonly withoutFolder?: boolean;
    /** Opens the folder in restricted mode. */
    readonly isRestricted?: boolean;
    /** Adds to the copy of the sample workspace. */
    readonly fill?: (workspace: string) => void;
    readonly environment?: (folder: string) => Readonly<Record<string, string>>;
  } = {},
): Promise<HostSession> {
  const install = await installCodeServer(path.join(cacheDirectory(), 'test-tools'), (line) =>
    process.stdout.write(`    ${line}\n`),
  );
  const folder = mkdtempSync(path.join(tmpdir(), 'foretoken-host-'));
  const probeSocket = path.join(folder, 'probe.sock');
  const workspace = path.join(folder, 'workspace');
  cpSync(path.join(root, 'test/fixtures/workspace'), workspace, { recursive: true });
  options.fill?.(workspace);
  mkdirSync(path.join(folder, 'state'));
  mkdirSync(PICTURES, { recursive: true });
  let running: RunningEditor | undefined;
  try {
    running = await startCodeServer({
      install,
      stateDirectory: path.join(folder, 'state'),
      workspace: options.withoutFolder === true ? undefined : workspace,
      ...(options.isRestricted === true ? { isRestricted: true } : {}),
      extensions: [packExtension(), packProbe(folder)],
      // The browser edition saves by itself unless told not to; the tests throw away what they typed.
      settings: { 'files.autoSave': 'off', ...options.settings },
      environment: { ...options.environment?.(folder), FORETOKEN_PROBE_SOCKET: probeSocket },
    });
    const server = running;
    const editor = await EditorPage.open(server.url, probeSocket, PICTURES);
    return {
      editor,
      workers: () => workersBelow(server.process.pid!),
      close: async () => {
        await editor.close();
        await server.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await running?.close();
    throw error;
  }
}

/** The VSIX that a user gets. */
function packExtension(): string {
  const target = `${process.platform}-${process.arch}`;
  execFileSync(process.execPath, [path.join(root, 'scripts/package.mjs'), '--target', target], { stdio: 'ignore' });
  return path.join(root, 'out', `foretoken-${target}-slim.vsix`);
}

function packProbe(folder: string): string {
  const vsix = path.join(folder, 'probe.vsix');
  const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
  const parameters = ['package', '--out', vsix, '--no-dependencies', '--allow-missing-repository', '--skip-license'];
  execFileSync(process.execPath, [vsce, ...parameters], {
    cwd: path.join(import.meta.dirname, 'probe'),
    stdio: 'ignore',
  });
  return vsix;
}

/** Looks for worker.js among the descendants of a process; Linux only, as these tests are. */
async function workersBelow(ancestor: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  const workers: number[] = [];
  for (const name of await readdir('/proc')) {
    const id = Number(name);
    const [status, command] = Number.isInteger(id)
      ? await Promise.all([readIfThere(`/proc/${id}/stat`), readIfThere(`/proc/${id}/cmdline`)])
      : ['', ''];
    // After the name, which is in parentheses and may hold anything: state and parent.
    const [state, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
    parents.set(id, Number(parent));
    if (state !== 'Z' && /foretoken[^\0]*worker\.js/.test(command)) {
      workers.push(id);
    }
  }
  return workers.filter((id) => {
    let at: number | undefined = id;
    while (at !== undefined && at !== ancestor) {
      at = parents.get(at);
    }
    return at === ancestor;
  });
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    // The process ended between two looks.
    return '';
  }
}
