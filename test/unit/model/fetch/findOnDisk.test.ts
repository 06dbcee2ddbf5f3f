import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findCandidates, weightCacheFolders } from '../../../../src/model/fetch/findOnDisk.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';
import { testBytes, testEntry } from '../../../support/weightFile.ts';

const BYTES = testBytes(100);
const { file } = testEntry(BYTES);

describe('findCandidates', () => {
  const directory = useTemporaryDirectory();

  function put(...segments: string[]): string {
    const filePath = path.join(directory(), ...segments);
    mkdirSync(path.dirname(filePath), { recursive: true });
    writeFileSync(filePath, BYTES);
    return filePath;
  }

  it('finds files of the exact size in nested folders, those named like the file or its hash first', async () => {
    const other = put('lm', 'publisher', 'repository', 'a.gguf');
    const blob = put('hub', 'models--x--y', 'blobs', file.sha256);
    const named = put('hub', 'models--x--y', 'snapshots', 'r', 'owner_tiny.gguf');
    writeFileSync(path.join(directory(), 'lm', 'short.gguf'), BYTES.subarray(1));
    const folders = ['lm', 'hub', 'missing'].map((name) => path.join(directory(), name));
    assert.deepEqual(await findCandidates(file, folders), [blob, named, other]);
  });

  it('follows no links, goes no deeper than a cache does and leaves unfinished downloads alone', async () => {
    put('elsewhere', 'a.gguf');
    put('cache', '1', '2', '3', '4', '5', 'deep.gguf');
    put('cache', 'b.gguf.partial');
    symlinkSync(path.join(directory(), 'elsewhere'), path.join(directory(), 'cache', 'link'));
    symlinkSync(path.join(directory(), 'cache'), path.join(directory(), 'cache', 'loop'));
    assert.deepEqual(await findCandidates(file, [path.join(directory(), 'cache')]), []);
  });
});

describe('weightCacheFolders', () => {
  it('names the default places of a platform', () => {
    assert.deepEqual(weightCacheFolders({ HOME: '/home/u' }, 'linux'), [
      '/home/u/.cache/llama.cpp',
      '/home/u/.lmstudio/models',
      '/home/u/.cache/lm-studio/models',
      '/home/u/.cache/huggingface/hub',
    ]);
    assert.equal(weightCacheFolders({ HOME: '/Users/u' }, 'darwin')[0], '/Users/u/Library/Caches/llama.cpp');
  });

  it("obeys the programs' own environment variables", () => {
    const folders = weightCacheFolders({ HOME: '/home/u', LLAMA_CACHE: '/data/llama', HF_HOME: '/data/hf' }, 'linux');
    assert.deepEqual([folders[0], folders[3]], ['/data/llama', '/data/hf/hub']);
    assert.equal(weightCacheFolders({ HOME: '/home/u', HF_HUB_CACHE: '/data/hub' }, 'linux')[3], '/data/hub');
  });
});
