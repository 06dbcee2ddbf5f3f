import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readModelShelf } from '../../../src/editor/surface/readModelShelf.ts';
import { buildTinyModel } from '../../../src/model/tinyModel.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const root = path.join(import.meta.dirname, '../../..');

describe('readModelShelf', () => {
  const directory = useTemporaryDirectory();

  it('finds the catalogue and no packages where there is no cache', async () => {
    const shelf = await readModelShelf(root, path.join(directory(), 'none'), 'q8');
    assert.ok(shelf.catalogue.some(({ id }) => id === 'qwen2.5-coder-0.5b'));
    assert.deepEqual(shelf.packages, []);
    assert.ok(shelf.catalogue.every(({ hasWeights }) => !hasWeights));
  });

  it('finds packages by their manifests, and passes over what is none', async () => {
    const cache = directory();
    const packages = path.join(cache, 'packages');
    const built = await buildTinyModel(path.join(packages, 'other-name'));
    assert.ok(built.ok);
    await mkdir(path.join(packages, 'damaged-q8'));
    await writeFile(path.join(packages, 'damaged-q8', 'manifest.json'), '{');
    await mkdir(path.join(packages, 'tiny-q8.partial-1'));
    const shelf = await readModelShelf(root, cache, 'q8');
    assert.deepEqual(
      shelf.packages.map(({ setting }) => setting),
      [path.join(packages, 'other-name')],
    );
    assert.ok(shelf.packages[0]!.bytes > 1000);
  });

  it('knows weights that are there to be built from', async () => {
    const cache = directory();
    await mkdir(path.join(cache, 'downloads'));
    await writeFile(path.join(cache, 'downloads', 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf'), '');
    const { catalogue } = await readModelShelf(root, cache, 'q8');
    assert.deepEqual(
      catalogue.filter(({ hasWeights }) => hasWeights).map(({ id }) => id),
      ['qwen2.5-coder-0.5b'],
    );
  });
});
