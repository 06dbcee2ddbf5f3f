// Makes the VSIX of one edition for one platform: `node scripts/package.mjs [--edition slim|full] [--target linux-x64]`.
// slim fetches the model on first use; full has the default model's package inside. The result is out/foretoken-<target>-<edition>.vsix.
//
// Everything that ships is copied into a staging folder first, so that the list below is the whole content: an ignore file
// would have to exclude the rest of the repository, and could not take the model from the user's cache.
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { tsImport } from 'tsx/esm/api';
import { note, root, run, runScript, SetUpError } from './setUp.mjs';

/** Platforms that ONNX Runtime has binaries for, as VS Code names them; its folders are bin/napi-v6/<platform>/<arch>. */
const TARGETS = ['win32-x64', 'win32-arm64', 'linux-x64', 'linux-arm64', 'darwin-arm64'];
const EDITIONS = ['slim', 'full'];
const DEFAULT_MODEL = 'qwen2.5-coder-0.5b';

const TEXTS = ['README.md', 'CHANGELOG.md', 'LICENSE', 'THIRD_PARTY_NOTICES.md'];
const BUNDLES = ['extension.js', 'worker.js', 'engineThread.js', 'panel.js', 'panel-style.css'];
/** What esbuild puts into the bundles, or `stageRuntime` and `stageGrammars` copy; THIRD_PARTY_NOTICES.md says what each is for. */
const SHIPPED_PACKAGES = [
  '@vscode/tree-sitter-wasm',
  'long',
  'onnxruntime-common',
  'onnxruntime-node',
  'pend',
  'protobufjs',
  'tinyqueue',
  'vscode-jsonrpc',
  'yauzl',
];
/** Fields of package.json that mean nothing to an installed extension. */
const DEVELOPMENT_FIELDS = ['private', 'bin', 'scripts', 'allowScripts', 'dependencies', 'devDependencies'];

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      edition: { type: 'string', default: 'slim' },
      target: { type: 'string', default: `${process.platform}-${process.arch}` },
    },
  });
  const { edition, target } = values;
  if (!EDITIONS.includes(edition) || !TARGETS.includes(target)) {
    throw new SetUpError(`--edition is one of ${EDITIONS.join(', ')}, --target one of ${TARGETS.join(', ')}`);
  }
  const stage = join(root, 'out', `stage-${target}-${edition}`);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  await stageBundles(stage);
  stageRuntime(stage, target);
  await stageGrammars(stage);
  stageTexts(stage);
  stageLicences(stage);
  if (edition === 'full') {
    await stageModel(stage, target);
  }
  const vsix = join(root, 'out', `foretoken-${target}-${edition}.vsix`);
  await pack(stage, target, vsix);
  rmSync(stage, { recursive: true, force: true });
  note(`${vsix} has ${(statSync(vsix).size / 1e6).toFixed(1)} MB`);
});

async function stageBundles(stage) {
  const built = join(root, 'out', 'bundles-production');
  await run(process.execPath, [join(root, 'scripts/build.mjs'), '--production', '--outdir', built]);
  for (const bundle of BUNDLES) {
    copy(join(built, bundle), join(stage, 'dist', bundle));
  }
}

/**
 * The runtime is no part of the bundles, because it finds its native library relative to itself. Below dist/ it is found by
 * the worker and by nobody else, and vsce, which asks npm about a node_modules at the top, takes it for plain files.
 */
function stageRuntime(stage, target) {
  const [platform, arch] = target.split('-');
  const from = join(root, 'node_modules');
  const to = join(stage, 'dist', 'node_modules');
  const isShipped = (file) => !/\.(ts|map)$/.test(file);
  const binaries = join('onnxruntime-node', 'bin', 'napi-v6', platform, arch);
  if (!existsSync(join(from, binaries))) {
    throw new SetUpError(`${join(from, binaries)} is missing; this installation of onnxruntime-node lacks ${target}`);
  }
  for (const part of [
    join('onnxruntime-node', 'package.json'),
    join('onnxruntime-node', 'dist'),
    binaries,
    join('onnxruntime-common', 'package.json'),
    // With the package.json in it, without which Node takes these files for ES modules.
    join('onnxruntime-common', 'dist', 'cjs'),
  ]) {
    cpSync(join(from, part), join(to, part), { recursive: true, filter: isShipped });
  }
}

/** Of the many grammars of the package those that `src/grammars` knows, and what reads them. */
async function stageGrammars(stage) {
  const { GRAMMAR_NAMES } = await tsImport('../src/grammars/grammarNames.ts', import.meta.url);
  const folder = join('node_modules', '@vscode', 'tree-sitter-wasm', 'wasm');
  const grammars = [...new Set(Object.values(GRAMMAR_NAMES))].map((name) => `tree-sitter-${name}.wasm`);
  for (const file of ['tree-sitter.js', 'tree-sitter.wasm', ...grammars]) {
    copy(join(root, folder, file), join(stage, 'dist', folder, file));
  }
}

/** The licence texts of what ships, which these licences ask for, each as its package has it. */
function stageLicences(stage) {
  const texts = SHIPPED_PACKAGES.map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^(licen[cs]e|thirdpartynotices)/i.test(entry));
    // ONNX Runtime's npm packages name their licence without its text.
    const text =
      file === undefined
        ? `${license} licence, copyright Microsoft Corporation`
        : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version}\n${'='.repeat(60)}\n${text}\n`;
  });
  writeFileSync(join(stage, 'THIRD_PARTY_LICENSES.txt'), texts.join('\n\n'));
}

function stageTexts(stage) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const field of DEVELOPMENT_FIELDS) {
    delete manifest[field];
  }
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const translations = readdirSync(root).filter((file) => /^package\.nls(\.[\w-]+)?\.json$/.test(file));
  for (const text of [...TEXTS, ...translations]) {
    copy(join(root, text), join(stage, text));
  }
  cpSync(join(root, manifest.l10n), join(stage, manifest.l10n), { recursive: true });
  copy(join(root, manifest.icon), join(stage, manifest.icon));
  for (const { steps } of manifest.contributes.walkthroughs) {
    for (const { media } of steps) {
      copy(join(root, media.svg), join(stage, media.svg));
    }
  }
  cpSync(join(root, 'media', 'screenshots'), join(stage, 'media', 'screenshots'), { recursive: true });
  cpSync(join(root, 'models'), join(stage, 'models'), { recursive: true });
}

/** Links instead of copying: the weights have half a gigabyte. */
async function stageModel(stage, target) {
  const { packageDirectory } = await tsImport('../src/model/cacheDirectory.ts', import.meta.url);
  const { openPackage, packageFiles } = await tsImport('../src/model/openPackage.ts', import.meta.url);
  const { chooseQuantization } = await tsImport('../src/model/chooseQuantization.ts', import.meta.url);
  const quantization = chooseQuantization('auto', { device: 'auto', architecture: target.split('-')[1] });
  const directory = packageDirectory(DEFAULT_MODEL, quantization);
  const opened = await openPackage(directory);
  if (!opened.ok) {
    throw new SetUpError(
      `${opened.error} (foretoken model fetch ${DEFAULT_MODEL} --quantization ${quantization} does that)`,
    );
  }
  const files = ['manifest.json', ...packageFiles(opened.value.manifest).map(({ name }) => name)];
  mkdirSync(join(stage, 'model'), { recursive: true });
  for (const file of files) {
    linkOrCopy(join(directory, file), join(stage, 'model', file));
  }
}

function linkOrCopy(from, to) {
  try {
    linkSync(from, to);
  } catch {
    // Another file system: a copy does.
    cpSync(from, to);
  }
}

async function pack(stage, target, vsix) {
  // Everything here ships; without the file vsce doubts it.
  writeFileSync(join(stage, '.vscodeignore'), '');
  await run(
    process.execPath,
    [
      join(root, 'node_modules/@vscode/vsce/vsce'),
      'package',
      '--target',
      target,
      '--out',
      vsix,
      '--no-dependencies',
      // There is no public address yet that relative links could lead to.
      '--allow-missing-repository',
      '--no-rewrite-relative-links',
    ],
    {},
    { cwd: stage, stdio: ['ignore', 'ignore', 'inherit'] },
  );
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
