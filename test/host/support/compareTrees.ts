/**
 * Child process of `webgpu.test.ts`, which starts it with the software adapter's environment: compares random trees with
 * their paths on a device and sends the differences. Arguments: a package's folder and the device.
 */
import { loadModel } from '../../../src/inference/worker/onnx/loadModel.ts';
import { openPackage } from '../../../src/model/openPackage.ts';
import { createRandom, randomInteger } from '../../support/random.ts';
import { randomTree } from '../../support/randomDrafts.ts';
import type { TreeDifference } from '../../support/treePaths.ts';
import { commitChain, compareWithPaths } from '../../support/treePaths.ts';

const TREES = 2;
const MAX_NODES = 12;

void compareTrees(process.argv[2]!, process.argv[3] === 'webgpu' ? 'webgpu' : 'cpu').then((differences) =>
  process.send!(differences),
);

async function compareTrees(directory: string, device: 'cpu' | 'webgpu'): Promise<readonly TreeDifference[]> {
  const opened = await openPackage(directory);
  if (!opened.ok) {
    throw new Error(opened.error);
  }
  const { model } = await loadModel(directory, opened.value.manifest, { device, threads: 2 });
  const { target } = model;
  const random = createRandom(1);
  const anyToken = (): number => randomInteger(random, 0, target.vocabularySize - 1);
  const differences: TreeDifference[] = [];
  for (let tree = 0; tree < TREES; tree++) {
    const cache = target.createCache();
    const context = Array.from({ length: randomInteger(random, 1, 40) }, anyToken);
    await commitChain(target, cache, context);
    const draft = randomTree(random, MAX_NODES, anyToken);
    differences.push(await compareWithPaths(target, cache, anyToken(), draft));
    cache.dispose();
  }
  await target.dispose();
  return differences;
}
