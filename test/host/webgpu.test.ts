import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../../src/base/logger.ts';
import { WorkerClient } from '../../src/inference/client/workerClient.ts';
import type { CompletionParameters } from '../../src/inference/protocol.ts';
import { buildTinyModel } from '../../src/model/tinyModel.ts';

const script = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));
const silent: Logger = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
/** Chromium's software Vulkan device: what it computes is right, how fast means nothing. */
const SOFTWARE_ADAPTER = '/usr/lib/chromium/vk_swiftshader_icd.json';

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

  /** Texts of the same keystrokes, typed and deleted over one warm cache. */
  async function textsOn(device: 'cpu' | 'webgpu', directory: string): Promise<readonly string[]> {
    const client = new WorkerClient(script, {
      logger: silent,
      onDeath: () => {},
      environment: {
        VK_ICD_FILENAMES: SOFTWARE_ADAPTER,
        VK_DRIVER_FILES: SOFTWARE_ADAPTER,
        XDG_RUNTIME_DIR: folder,
        LD_LIBRARY_PATH: '/usr/lib/chromium',
      },
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
  };
}
