// What a fresh clone needs before anything of it runs: dependencies, the bundles, the default model's package. Node's own
// modules only, because it runs before the dependencies are there. Each step does nothing when its result is up to date.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const DEFAULT_MODEL_ID = 'qwen2.5-coder-0.5b';
const OLDEST_NODE = [20, 19];

/** Ends the program with a sentence instead of a stack trace. */
export class SetUpError extends Error {}

export async function setUpDependencies() {
  checkNode();
  if (hasDependencies()) {
    return;
  }
  note('installing dependencies');
  // The runtime's own post-install fetches CUDA libraries that nothing here uses, and fails where it cannot.
  await runNpm(['ci', '--no-audit', '--no-fund'], { ONNXRUNTIME_NODE_INSTALL: 'skip' });
}

export async function setUpBundles() {
  if (hasBundles()) {
    return;
  }
  note('building dist');
  await run(process.execPath, [join(root, 'scripts/build.mjs')]);
}

/** Fetches the official weights and builds the package, with progress; quick when it is there. */
export async function setUpModel(id = DEFAULT_MODEL_ID) {
  await run(process.execPath, [join(root, 'dist/cli.js'), 'model', 'fetch', id]);
}

/** Runs a program with this terminal; rejects with `SetUpError` when it fails. */
export function run(command, commandArguments, environment = {}, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArguments, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...environment },
      ...options,
    });
    child.once('error', (error) => reject(new SetUpError(`${command} could not be started: ${error.message}`)));
    child.once('exit', (code, signal) => {
      if (code === 0) {
        resolve();
      } else {
        reject(new SetUpError(`${[command, ...commandArguments].join(' ')} ended with ${signal ?? `status ${code}`}`));
      }
    });
  });
}

/** Runs npm, the one that started this program where there is one. */
export function runNpm(npmArguments, environment = {}, options = {}) {
  const npm = process.env.npm_execpath;
  if (npm !== undefined && /\.c?js$/.test(npm)) {
    return run(process.execPath, [npm, ...npmArguments], environment, options);
  }
  const isWindows = process.platform === 'win32';
  return run(isWindows ? 'npm.cmd' : 'npm', npmArguments, environment, { shell: isWindows, ...options });
}

export function note(text) {
  process.stderr.write(`foretoken: ${text}\n`);
}

/** Runs a script's main function and turns its failure into a sentence and a status. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetUpError)) {
      throw error;
    }
    note(error.message);
    process.exitCode = 1;
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new SetUpError(`Node ${process.versions.node} is too old; install version ${OLDEST_NODE.join('.')} or newer`);
  }
}

/** True when npm's own record of what it installed has every package of the lock file in its version. */
function hasDependencies() {
  const installed = readPackages(join(root, 'node_modules/.package-lock.json'));
  const wanted = readPackages(join(root, 'package-lock.json'));
  if (installed === undefined || wanted === undefined) {
    return false;
  }
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional === true || installed[path]?.version === entry.version,
  );
}

function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}

/** True when the bundles are newer than everything that goes into them. */
function hasBundles() {
  const builtMs = Math.min(
    ...['extension', 'worker', 'engineThread', 'cli'].map((name) => modifiedMs(join(root, `dist/${name}.js`))),
  );
  const sources = [join(root, 'package-lock.json'), join(root, 'scripts/build.mjs'), ...filesBelow(join(root, 'src'))];
  return sources.every((file) => modifiedMs(file) < builtMs);
}

function modifiedMs(file) {
  return existsSync(file) ? statSync(file).mtimeMs : Number.NEGATIVE_INFINITY;
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
