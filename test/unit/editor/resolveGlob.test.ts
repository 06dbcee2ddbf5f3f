import assert from 'node:assert/strict';
import { resolveGlob } from '../../../src/editor/surface/resolveGlob.ts';

describe('resolveGlob', () => {
  for (const [glob, pattern, isInFolder] of [
    ['**', '**', false],
    ['**/*.min.js', '**/*.min.js', false],
    ['*.min.js', '**/*.min.js', false],
    ['secrets.py', '**/secrets.py', false],
    ['src/generated/**', 'src/generated/**', true],
    ['./src/*.ts', 'src/*.ts', true],
    ['dist/', 'dist/**', true],
    ['/home/ann/**', '/home/ann/**', false],
    ['C:/work/**', 'C:/work/**', false],
  ] as const) {
    it(`takes ${glob} for ${pattern}${isInFolder ? ' in the workspace folder' : ''}`, () => {
      assert.deepEqual(resolveGlob(glob), { pattern, isInFolder });
    });
  }
});
