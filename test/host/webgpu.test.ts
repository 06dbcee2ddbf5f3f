import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../../src/base/logger.ts';
import { WorkerClient } from '../../src/inference/client/workerClient.ts';
import type { CompletionParameters } from '../../src/inference/protocol.ts';
import { buildTinyModel } from '../../src/model/tinyModel.ts';
import type { TreeDifference } from '../support/treePaths.ts';

const script = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));
const treesScript = fileURLToPath(new URL('./support/compareTrees.ts', import.meta.url));
const silent: Logger = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
/** Chromium's software Vulkan device: what it computes is right, how fast means nothing. */
const SOFTWARE_ADAPTER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** A row with a wrong ancestor differs by more than 2 (`test/unit/inference/treeAttention.test.ts`). */
const MAX_LOGIT_DIFFERENCE = 0.5;

const TAILS = ['const a', 'const a = b', 'const a = ', 'const', 'let', 'const a = b;\nif', 'const a = b;\n'];

describe('decoding on WebGPU (software adapter, tiny model)', function () {
  this.timeout(300_000);
  let folder: string;

  before(async () => {
    assert.ok(existsSync(SOFTWARE_ADAPTER), 'needs the Debian package chromium');
    folder = await mkdtemp(join(tmpdir(), 'foretoken-webgpu-'));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  function adapterEnvironment(): Readonly<Record<string, string>> {
    return {
      VK_ICD_FILENAMES: SOFTWARE_ADAPTER,
      VK_DRIVER_FILES: SOFTWARE_ADAPTER,
      XDG_RUNTIME_DIR: folder,
      LD_LIBRARY_PATH: '/usr/lib/chromium',
    };
  }

  /** What `support/compareTrees.ts` finds; the adapter's environment has to be there when its process starts. */
  async function compareTreesOn(device: 'cpu' | 'webgpu', directory: string): Promise<readonly TreeDifference[]> {
    const child = fork(treesScript, [directory, device], {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, ...adapterEnvironment() },
    });
    const answer = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)]);
    assert.ok(answer !== undefined, 'the process ended without an answer');
    child.kill();
    return answer[0] as readonly TreeDifference[];
  }

  /** Texts of the same keystrokes, typed and deleted over one warm cache. */
  async function textsOn(device: 'cpu' | 'webgpu', directory: string): Promise<readonly string[]> {
    const client = new WorkerClient(script, {
      logger: silent,
      onDeath: () => {},
      environment: adapterEnvironment(),
    });
    try {
      const loaded = await client.load({ directory, device, threads: 2, cacheBytes: 64 * 1024 * 1024 });
      assert.ok(loaded.ok, loaded.ok ? '' : loaded.message);
      const texts: string[] = [];
      for (const tail of TAILS) {
        const result = await client.complete(parametersFor(tail));
        assert.equal(result.kind, 'generated', JSON.stringify(result).slice(0, 500));
        texts.push(result.kind === 'generated' ? result.generated.text : '');
      }
      return texts;
    } finally {
      await client.close();
    }
  }

  for (const quantization of ['f32', 'q8', 'q4'] as const) {
    it(`writes what the CPU writes, from a ${quantization} package`, async () => {
      const directory = join(folder, quantization);
      assert.ok((await buildTinyModel(directory, { quantization })).ok);
      assert.deepEqual(await textsOn('webgpu', directory), await textsOn('cpu', directory));
    });

    it(`gives the rows of a tree the logits of their paths alone, from a ${quantization} package`, async () => {
      const directory = join(folder, `trees-${quantization}`);
      assert.ok((await buildTinyModel(directory, { quantization })).ok);
      const differences = await compareTreesOn('webgpu', directory);
      assert.ok(differences.reduce((sum, { branchedRows }) => sum + branchedRows, 0) > 10);
      const largest = Math.max(...differences.flatMap(({ inLine, branched }) => [inLine, branched]));
      assert.ok(largest <= MAX_LOGIT_DIFFERENCE, `a logit differs by ${largest}`);
    });
  }
});

function parametersFor(tail: string): CompletionParameters {
  return {
    documentId: 'a',
    prompt: { prefix: 'import { x } from "y";\n\n', suffix: '\nreturn a;\n', tail },
    heal: true,
    singleLine: false,
    allowsCodeFence: false,
    stopRules: false,
    maxTokens: 12,
    draftMethod: 'off',
    acceptanceMode: 'exact',
    acceptanceThreshold: 0.09,
    draftMaxTokens: 8,
    draftTree: true,
    draftTexts: [],
    remember: false,
  };
}
