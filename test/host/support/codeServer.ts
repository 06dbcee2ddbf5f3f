import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import type { InstalledCodeServer } from './installCodeServer.ts';

export interface EditorOptions {
  readonly install: InstalledCodeServer;
  /** Settings, extensions and state of this editor go here; empty at the start. */
  readonly stateDirectory: string;
  /** The folder to open; undefined for a window without one. */
  readonly workspace: string | undefined;
  /** Whether the folder is one that the user has not said to trust. Defaults to no. */
  readonly isRestricted?: boolean;
  /** VSIX files to install. */
  readonly extensions: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunningEditor {
  readonly url: string;
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/** Nothing that moves, asks, or goes out to the network. */
const QUIET_SETTINGS = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'security.workspace.trust.enabled': false,
  'git.enabled': false,
};

/** Restricted, without the question whether it should be. */
const RESTRICTED_SETTINGS = {
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.startupPrompt': 'never',
};

/** Installs the extensions and starts code-server on a free port of 127.0.0.1, without authentication. */
export async function startCodeServer(options: EditorOptions): Promise<RunningEditor> {
  const { install, stateDirectory, workspace } = options;
  const userData = path.join(stateDirectory, 'user-data');
  await mkdir(path.join(userData, 'User'), { recursive: true });
  const trust = options.isRestricted === true ? RESTRICTED_SETTINGS : {};
  const settings = { ...QUIET_SETTINGS, ...trust, ...options.settings };
  await writeFile(path.join(userData, 'User', 'settings.json'), JSON.stringify(settings, null, 2));
  const configuration = path.join(stateDirectory, 'code-server.yaml');
  await writeFile(configuration, '');
  const common = [
    install.entry,
    '--config',
    configuration,
    '--user-data-dir',
    userData,
    '--extensions-dir',
    path.join(stateDirectory, 'extensions'),
  ];
  const environment = { ...process.env, ...options.environment };
  for (const extension of options.extensions) {
    await runToEnd(install.node, [...common, '--install-extension', extension], environment);
  }
  const port = await freePort();
  const server = spawn(
    install.node,
    [
      ...common,
      '--auth',
      'none',
      '--bind-addr',
      `127.0.0.1:${port}`,
      '--disable-telemetry',
      '--disable-update-check',
      ...(options.isRestricted === true ? [] : ['--disable-workspace-trust']),
      '--disable-getting-started-override',
      ...(workspace === undefined ? ['--ignore-last-opened'] : [workspace]),
    ],
    { env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  await listening(server);
  return {
    url: `http://127.0.0.1:${port}/?${workspace === undefined ? 'ew=true' : `folder=${encodeURIComponent(workspace)}`}`,
    process: server,
    close: () => end(server),
  };
}

function runToEnd(command: string, parameters: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(command, parameters, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command} failed:\n${output()}`))));
  });
}

/** Resolves when the server says that it listens. */
function listening(server: ChildProcess): Promise<void> {
  const output = collect(server);
  return new Promise((resolve, reject) => {
    server.stdout?.on('data', () => {
      if (output().includes('HTTP server listening')) {
        resolve();
      }
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`code-server ended:\n${output()}`)));
  });
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-10_000);
    });
  }
  return () => text;
}

/** Ends the server and waits for it; its own children end with it. */
async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) {
    return;
  }
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  const timer = setTimeout(() => server.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
