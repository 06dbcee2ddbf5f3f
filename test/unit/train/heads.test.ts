import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { hasPythonModules } from '../../support/pythonModules.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

function smallRun(...options: string[]) {
  const script = path.join(REPOSITORY, 'train', 'heads', 'smallRun.ts');
  return spawnSync(process.execPath, ['--import', 'tsx', script, ...options], { cwd: REPOSITORY, encoding: 'utf8' });
}

describe('training draft heads', () => {
  it('says what to install where Python has no PyTorch', () => {
    const { status, stderr } = smallRun('--python', 'no-such-python');
    assert.equal(status, 1);
    assert.match(stderr, /no-such-python has no PyTorch and NumPy; install them/);
  }).timeout(60_000);

  // PyTorch is no dependency of the extension, so that not every machine that runs the tests has it.
  if (hasPythonModules(['torch', 'numpy'])) {
    it('goes from samples to heads in a package, on a tiny model, with a lower loss than at the start', () => {
      const { status, stdout, stderr } = smallRun();
      assert.equal(status, 0, stderr);
      const lines = stdout.trimEnd().split('\n');
      const losses = JSON.parse(lines.at(-1)!) as Record<string, { first: number; last: number }>;
      for (const method of ['medusa', 'mtp']) {
        const { first, last } = losses[method]!;
        assert.ok(last < 0.98 * first, `${method}: mean loss ${last}, ${first} in the first pass`);
        assert.ok(lines.some((line) => line.startsWith(`${method}: `) && line.includes('first guess the same at')));
      }
    }).timeout(600_000);
  }
});
