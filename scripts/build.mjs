// Bundles the programs into dist/ (or another folder): the extension, the worker process, its engine thread, the command line, and
// the tuning panel's page with its style sheet.
// `node scripts/build.mjs [--watch] [--production] [--outdir DIR]`
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const isProduction = process.argv.includes('--production');
const outdirAt = process.argv.indexOf('--outdir');
const outdir = resolve(root, outdirAt === -1 ? 'dist' : process.argv[outdirAt + 1]);

/** @type {import('esbuild').BuildOptions} */
const options = {
  absWorkingDir: root,
  entryPoints: {
    extension: 'src/extension.ts',
    worker: 'src/inference/worker/main.ts',
    engineThread: 'src/inference/worker/engineThread.ts',
    cli: 'src/cli/main.ts',
  },
  outdir,
  bundle: true,
  platform: 'node',
  // VS Code 1.101 runs Node 22; the command line promises Node 20.
  target: 'node20',
  format: 'cjs',
  // The runtime finds its native library relative to its own files; `vscode` exists only in the editor.
  external: ['vscode', 'onnxruntime-node'],
  sourcemap: !isProduction,
  minify: isProduction,
  legalComments: 'none',
  logLevel: 'warning',
};

/** @type {import('esbuild').BuildOptions} */
const pageOptions = {
  ...options,
  entryPoints: { panel: 'src/tuning/page/main.ts', 'panel-style': 'src/tuning/page/panel.css' },
  platform: 'browser',
  // Chromium of VS Code 1.101.
  target: 'chrome134',
  format: 'iife',
  external: [],
};

rmSync(outdir, { recursive: true, force: true });
for (const one of [options, pageOptions]) {
  if (process.argv.includes('--watch')) {
    await (await context(one)).watch();
  } else {
    await build(one);
  }
}
