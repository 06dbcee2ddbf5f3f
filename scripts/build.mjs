// Bundles the four programs into dist/ (or another folder): the extension, the worker process, its engine thread, the command line.
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

rmSync(outdir, { recursive: true, force: true });
if (process.argv.includes('--watch')) {
  await (await context(options)).watch();
} else {
  await build(options);
}
