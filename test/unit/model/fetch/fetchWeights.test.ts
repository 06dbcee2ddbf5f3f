import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { ok } from '../../../../src/base/result.ts';
import type { DownloadSource } from '../../../../src/model/fetch/downloadSource.ts';
import type { FetchOptions, FetchProgress } from '../../../../src/model/fetch/fetchWeights.ts';
import { fetchWeights } from '../../../../src/model/fetch/fetchWeights.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';
import { testBytes, testEntry } from '../../../support/weightFile.ts';

const BYTES = testBytes(10_000);
const WRONG = testBytes(10_000, 2);
const ENTRY = testEntry(BYTES);

describe('fetchWeights', () => {
  const directory = useTemporaryDirectory();
  const downloads = (): string => path.join(directory(), 'downloads');
  const kept = (): string => path.join(downloads(), 'tiny.gguf');

  function fetchTiny(options: Partial<FetchOptions>) {
    return fetchWeights(ENTRY, {
      downloadDirectory: downloads(),
      signal: new AbortController().signal,
      environment: {},
      cacheFolders: [],
      sources: [],
      ...options,
    });
  }

  it('returns the downloaded file, leaves nothing else behind and asks no source the second time', async () => {
    const source = fixedSource('first', BYTES);
    const first = await fetchTiny({ sources: [source] });
    const second = await fetchTiny({ sources: [source] });
    assert.deepEqual(first, ok({ path: kept(), source: 'first' }));
    assert.deepEqual(second, ok({ path: kept(), source: 'kept' }));
    assert.equal(source.calls, 1);
    assert.deepEqual(readdirSync(downloads()).sort(), ['tiny.gguf', 'tiny.gguf.sha256-ok']);
  });

  it('goes on to the next source when one serves wrong bytes, and says which one did', async () => {
    const lines: string[] = [];
    const sources = [fixedSource('liar', WRONG), fixedSource('honest', BYTES)];
    const result = await fetchTiny({ sources, log: (line) => lines.push(line) });
    assert.deepEqual(result, ok({ path: kept(), source: 'honest' }));
    assert.deepEqual(lines, ['liar: it served wrong bytes (their SHA-256 is not the expected one)']);
  });

  it('tries a source once more from the beginning when the resumed bytes were bad', async () => {
    const source = fixedSource('first', BYTES);
    mkdirSync(downloads());
    writeFileSync(path.join(downloads(), 'tiny.gguf.first'), WRONG);
    const result = await fetchTiny({ sources: [source] });
    assert.deepEqual(result, ok({ path: kept(), source: 'first' }));
    assert.equal(source.calls, 2);
  });

  it('names every source with its reason, the file and the ways out when no source can deliver', async () => {
    const result = await fetchTiny({ sources: [fixedSource('one', 'no route'), fixedSource('two', 'no Python')] });
    assert.deepEqual(result, {
      ok: false,
      error: {
        reason: 'no-source',
        message:
          'Tiny model could not be downloaded (one: no route; two: no Python); put the file tiny.gguf (10000 bytes, ' +
          `SHA-256 ${ENTRY.file.sha256}) into ${downloads()}, or run "foretoken model import" with a GGUF file of your own`,
      },
    });
  });

  it('fetches again when the kept file was changed since it was verified', async () => {
    await fetchTiny({ sources: [fixedSource('first', BYTES)] });
    writeFileSync(kept(), WRONG);
    utimesSync(kept(), 1, 1);
    const result = await fetchTiny({ sources: [fixedSource('second', BYTES)] });
    assert.deepEqual(result, ok({ path: kept(), source: 'second' }));
    assert.deepEqual(readFileSync(kept()), BYTES);
  });

  it('takes a file that was put into the download folder by hand, whatever its name', async () => {
    mkdirSync(downloads());
    const byHand = path.join(downloads(), 'my copy.gguf');
    writeFileSync(byHand, BYTES);
    assert.deepEqual(await fetchTiny({}), ok({ path: byHand, source: 'found' }));
  });

  it("uses a copy in another program's cache in place, and not one that only has the size", async () => {
    const cache = path.join(directory(), 'hub', 'models--a--b', 'blobs');
    mkdirSync(cache, { recursive: true });
    writeFileSync(path.join(cache, 'aaa'), WRONG);
    writeFileSync(path.join(cache, 'bbb'), BYTES);
    const result = await fetchTiny({ cacheFolders: [path.join(directory(), 'hub')] });
    assert.deepEqual(result, ok({ path: path.join(cache, 'bbb'), source: 'found' }));
    assert.equal(existsSync(kept()), false);
  });

  for (const [title, options, reason] of [
    ['the environment says offline', { environment: { FORETOKEN_OFFLINE: '1' } }, 'offline'],
    ['the caller does not allow it', { allowDownload: false }, 'not-allowed'],
  ] as const) {
    it(`asks no source when ${title}`, async () => {
      const source = fixedSource('first', BYTES);
      const result = await fetchTiny({ sources: [source], ...options });
      assert.equal(result.ok ? 'ok' : result.error.reason, reason);
      assert.equal(source.calls, 0);
    });
  }

  it('downloads nothing when the file and the package would not fit on the disk', async () => {
    const source = fixedSource('first', BYTES);
    const result = await fetchTiny({ sources: [source], extraBytes: 3e9, freeBytes: async () => 2e9 });
    assert.deepEqual(result, {
      ok: false,
      error: {
        reason: 'disk-full',
        message:
          `Tiny model needs 3.00 GB of disk space and only 2.00 GB are free in ${downloads()}; ` +
          'free some space, or set XDG_CACHE_HOME to a folder on a larger disk, and try again',
      },
    });
    assert.equal(source.calls, 0);
  });

  it('says that the cache folder cannot be used when a file is in its place', async () => {
    writeFileSync(downloads(), 'not a folder');
    const result = await fetchTiny({});
    assert.match(result.ok ? '' : result.error.message, /^Tiny model cannot be kept in .*downloads: EEXIST/);
  });

  it('lets a second fetch of the same file wait for the first and take its result', async () => {
    const phases: FetchProgress['phase'][] = [];
    let second: ReturnType<typeof fetchTiny> | undefined;
    // The first source is not ready before the second fetch has begun to wait.
    let release = (): void => undefined;
    const source = fixedSource('first', BYTES, new Promise<void>((resolve) => (release = resolve)));
    const first = await fetchTiny({
      sources: [source],
      onProgress: () => {
        second ??= fetchTiny({
          sources: [source],
          onProgress: ({ phase }) => {
            phases.push(phase);
            release();
          },
        });
      },
    });
    assert.deepEqual(first, ok({ path: kept(), source: 'first' }));
    assert.deepEqual(await second, ok({ path: kept(), source: 'kept' }));
    assert.deepEqual([source.calls, phases], [1, ['wait']]);
  });

  it('takes over at once from a process that died while fetching', async () => {
    mkdirSync(downloads());
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(`${kept()}.lock`, JSON.stringify({ pid, host: hostname(), token: 'gone' }));
    const phases: FetchProgress['phase'][] = [];
    const sources = [fixedSource('first', BYTES)];
    const result = await fetchTiny({ sources, onProgress: ({ phase }) => phases.push(phase) });
    assert.deepEqual(result, ok({ path: kept(), source: 'first' }));
    assert.equal(phases.includes('wait'), false);
  });

  it('stops waiting for another process when it is cancelled', async () => {
    mkdirSync(downloads());
    const lock = `${kept()}.lock`;
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), token: 'other' }));
    const controller = new AbortController();
    const result = await fetchTiny({ signal: controller.signal, onProgress: () => controller.abort() });
    assert.equal(result.ok ? 'ok' : result.error.reason, 'cancelled');
    assert.equal(existsSync(lock), true);
  });
});

interface CountedSource extends DownloadSource {
  readonly calls: number;
}

/** Delivers these bytes (or the failure that a text names), resuming from a work file if there is one. */
function fixedSource(name: string, delivered: Buffer | string, ready: Promise<void> = Promise.resolve()) {
  const source = {
    name,
    calls: 0,
    scratchBytes: () => 0,
    workFiles: (file, folder) => [path.join(folder, `${file.name}.${name}`)],
    download: async ({ file, directory }) => {
      source.calls += 1;
      await ready;
      if (typeof delivered === 'string') {
        return { ok: false, error: { kind: 'unavailable', reason: delivered } };
      }
      const work = path.join(directory, `${file.name}.${name}`);
      const resumedFromBytes = existsSync(work) ? readFileSync(work).length : 0;
      if (resumedFromBytes === 0) {
        writeFileSync(work, delivered);
      }
      return ok({ path: work, resumedFromBytes });
    },
  } satisfies DownloadSource & { calls: number } as CountedSource & { calls: number };
  return source;
}
