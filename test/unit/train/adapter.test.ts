import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { hasPythonModules, TRAINING_MODULES } from '../../support/pythonModules.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

describe('training an adapter', () => {
  const directory = useTemporaryDirectory();

  // PyTorch is no dependency of the extension, so that not every machine that runs the tests has it.
  if (hasPythonModules(TRAINING_MODULES)) {
    it('goes from a corpus to a package with the adapter merged, on a tiny model, in an empty folder', () => {
      const script = path.join(REPOSITORY, 'train', 'adapter', 'rehearse.ts');
      const options = ['--import', 'tsx', script, path.join(directory(), 'root')];
      const { status, stdout, stderr } = spawnSync(process.execPath, options, { cwd: REPOSITORY, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^rehearsed: .* nats per token$/m);
    }).timeout(900_000);
  }
});
