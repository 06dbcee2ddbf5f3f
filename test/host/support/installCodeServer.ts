/**
 * Installs a pinned code-server (VS Code in a browser) and the Node it wants, once per machine, from the npm registry.
 * No tool of ours downloads VS Code itself: code-server's npm package is the editor that a machine with npm alone can get.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const CODE_SERVER_VERSION = '4.139.1';
/** The Node version that this code-server demands; the `node` package's per-platform part is a plain binary. */
const NODE_VERSION = '24.21.0';
const NODE_PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
/**
 * Parts that must be compiled: log files, and an editor that ends with its server. code-server's own install script also
 * compiles Kerberos, which stops it on machines without those headers, and SQLite, which takes two minutes.
 */
const NATIVE_PARTS = ['@vscode/spdlog', '@vscode/native-watchdog'];

export interface InstalledCodeServer {
  readonly node: string;
  /** code-server's entry script. */
  readonly entry: string;
}

/**
 * Returns the paths of an installed code-server, installing it under `directory` if it is not there. `onLine` hears what is
 * being done; the install takes a minute or two and 1 GB.
 */
export async function installCodeServer(
  directory: string,
  onLine: (line: string) => void,
): Promise<InstalledCodeServer> {
  const target = path.join(directory, `code-server-${CODE_SERVER_VERSION}`);
  if (existsSync(target)) {
    return locate(target);
  }
  const work = `${target}.installing`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await writeFile(path.join(work, 'package.json'), JSON.stringify({ name: 'foretoken-test-tools', private: true }));

  onLine(`Installing Node ${NODE_VERSION} for the editor`);
  await npm(work, ['install', `${NODE_PACKAGE}@${NODE_VERSION}`], process.env, onLine);
  onLine(`Installing code-server ${CODE_SERVER_VERSION}; this takes a minute or two`);
  const nodeRoot = path.join(work, 'node_modules', NODE_PACKAGE);
  const environment = {
    ...process.env,
    PATH: `${path.join(nodeRoot, 'bin')}${path.delimiter}${process.env.PATH}`,
    // Headers come with the binary; without this node-gyp fetches them.
    npm_config_nodedir: nodeRoot,
  };
  const editor = path.join(work, 'node_modules', 'code-server', 'lib', 'vscode');
  await npm(work, ['install', `code-server@${CODE_SERVER_VERSION}`, '--ignore-scripts'], environment, onLine);
  await npm(editor, ['install', '--omit=dev', '--ignore-scripts'], environment, onLine);
  await npm(path.join(editor, 'extensions'), ['install', '--omit=dev', '--ignore-scripts'], environment, onLine);
  try {
    await npm(editor, ['rebuild', ...NATIVE_PARTS], environment, onLine);
  } catch {
    onLine('No compiler for the native parts: the editor works, but keeps no log files');
  }
  // Renamed last, so that a folder of this name is always a whole install.
  await rename(work, target);
  return locate(target);
}

function locate(target: string): InstalledCodeServer {
  const modules = path.join(target, 'node_modules');
  return {
    node: path.join(modules, NODE_PACKAGE, 'bin', process.platform === 'win32' ? 'node.exe' : 'node'),
    entry: path.join(modules, 'code-server', 'out', 'node', 'entry.js'),
  };
}

async function npm(
  directory: string,
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): Promise<void> {
  const child = spawn('npm', [...parameters, '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'], {
    cwd: directory,
    env: environment,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail.push(...text.split('\n').filter((line) => line.trim() !== ''));
      tail.splice(0, tail.length - 20);
    });
  }
  const startMs = Date.now();
  const timer = setInterval(() => onLine(`… ${Math.round((Date.now() - startMs) / 1000)} s`), 30_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => clearInterval(timer));
  if (code !== 0) {
    throw new Error(`npm ${parameters.join(' ')} failed with exit code ${code}:\n${tail.join('\n')}`);
  }
}
