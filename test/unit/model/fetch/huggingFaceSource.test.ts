import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { openAppend } from '../../../../src/model/fetch/appendTarget.ts';
import type { DownloadRequest } from '../../../../src/model/fetch/downloadSource.ts';
import { huggingFaceSource } from '../../../../src/model/fetch/huggingFaceSource.ts';
import type { HubServer } from '../../../support/hubServer.ts';
import { serveRange, startHubServer } from '../../../support/hubServer.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';
import { testBytes, testEntry } from '../../../support/weightFile.ts';

const BYTES = testBytes(300_000);
const { file } = testEntry(BYTES);
const REVISION = '0123456789abcdef0123456789abcdef01234567';

describe('huggingFaceSource', () => {
  const directory = useTemporaryDirectory();
  const partial = (): string => path.join(directory(), 'tiny.gguf.partial');
  const servers: HubServer[] = [];

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function serve(answer: (request: IncomingMessage, response: ServerResponse, index: number) => void) {
    const server = await startHubServer(answer);
    servers.push(server);
    return server;
  }

  function download(baseUrl: string, request: Partial<DownloadRequest> = {}, idleTimeoutMs = 5000) {
    const source = huggingFaceSource(
      { kind: 'huggingface', repository: 'owner/name', revision: REVISION },
      { baseUrl, idleTimeoutMs, connectTimeoutMs: idleTimeoutMs },
    );
    return source.download({
      file,
      directory: directory(),
      onBytes: () => undefined,
      log: () => undefined,
      openAppend,
      signal: new AbortController().signal,
      ...request,
    });
  }

  it('asks for the pinned revision of the file, and for all of it when nothing is here', async () => {
    const server = await serve((request, response) => serveRange(BYTES, request, response));
    const result = await download(server.baseUrl);
    assert.deepEqual(result, { ok: true, value: { path: partial(), resumedFromBytes: 0 } });
    assert.deepEqual(server.requests, [{ path: `/owner/name/resolve/${REVISION}/tiny.gguf`, range: undefined }]);
    assert.deepEqual(readFileSync(partial()), BYTES);
  });

  it('asks only for the missing bytes after the connection was cut in the middle', async () => {
    const server = await serve((request, response, index) =>
      serveRange(BYTES, request, response, index === 0 ? 100_000 : undefined),
    );
    const lines: string[] = [];
    const result = await download(server.baseUrl, { log: (line) => lines.push(line) });
    assert.equal(result.ok, true);
    const keptBytes = Number(/going on at byte (\d+)$/.exec(lines[0] ?? '')?.[1]);
    assert.equal(keptBytes > 0 && keptBytes <= 100_000, true, lines[0]);
    assert.deepEqual(
      server.requests.map(({ range }) => range),
      [undefined, `bytes=${keptBytes}-`],
    );
    assert.deepEqual(readFileSync(partial()), BYTES);
  });

  it('asks only for the missing bytes when an earlier run left a part, also through a redirect', async () => {
    const storage = await serve((request, response) => serveRange(BYTES, request, response));
    const hub = await serve((_, response) => response.writeHead(302, { location: `${storage.baseUrl}/blob` }).end());
    writeFileSync(partial(), BYTES.subarray(0, 123_456));
    const received: number[] = [];
    const result = await download(hub.baseUrl, { onBytes: (bytes) => received.push(bytes) });
    assert.deepEqual(result, { ok: true, value: { path: partial(), resumedFromBytes: 123_456 } });
    assert.deepEqual(storage.requests, [{ path: '/blob', range: 'bytes=123456-' }]);
    assert.equal(received.at(-1), BYTES.length);
    assert.deepEqual(readFileSync(partial()), BYTES);
  });

  it('starts the file again when the server ignores the range', async () => {
    const server = await serve((_, response) => response.writeHead(200).end(BYTES));
    writeFileSync(partial(), testBytes(5000, 9));
    assert.equal((await download(server.baseUrl)).ok, true);
    assert.deepEqual(readFileSync(partial()), BYTES);
  });

  it('asks for nothing when every byte is already here', async () => {
    const server = await serve((request, response) => serveRange(BYTES, request, response));
    writeFileSync(partial(), BYTES);
    assert.equal((await download(server.baseUrl)).ok, true);
    assert.deepEqual(server.requests, []);
  });

  for (const [title, answer, reason] of [
    ['an error status', (response) => response.writeHead(503).end(), /answered with HTTP status 503$/],
    [
      'a log-in page',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      /sent a web page instead of the file/,
    ],
    [
      'a file of another size',
      (response) => response.writeHead(200, { 'content-length': 5 }).end('hello'),
      /offers a file of 5 bytes where 300000 are expected$/,
    ],
    [
      'more bytes than the file has',
      (response) => response.writeHead(200).end(Buffer.concat([BYTES, BYTES])),
      /sent more than the 300000 bytes of the file$/,
    ],
    [
      'another range than asked for',
      (response) => response.writeHead(206, { 'content-range': 'bytes 7-299999/300000' }).end('x'),
      /answered with an unexpected range of the file$/,
    ],
  ] as readonly [string, (response: ServerResponse) => void, RegExp][]) {
    it(`is unavailable, with the reason, when the server sends ${title}`, async () => {
      const server = await serve((_, response) => answer(response));
      const result = await download(server.baseUrl);
      assert.match(result.ok || result.error.kind !== 'unavailable' ? '' : result.error.reason, reason);
    });
  }

  it('is unavailable at once when nothing listens there', async () => {
    const server = await serve(() => undefined);
    await server.close();
    servers.length = 0;
    const result = await download(server.baseUrl);
    const reason = result.ok || result.error.kind !== 'unavailable' ? '' : result.error.reason;
    assert.match(reason, /^cannot connect to 127\.0\.0\.1:\d+ \(ECONNREFUSED\)$/);
  });

  it('gives up on a server that stays silent in the middle, and keeps what it sent', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': BYTES.length }).write(BYTES.subarray(0, 1000));
    });
    const result = await download(server.baseUrl, {}, 200);
    const reason = result.ok || result.error.kind !== 'unavailable' ? '' : result.error.reason;
    assert.match(reason, /sent nothing for 0\.2 s$/);
    assert.deepEqual(readFileSync(partial()), BYTES.subarray(0, 1000));
  });

  it('reports a full disk as such and keeps what was written', async () => {
    const server = await serve((request, response) => serveRange(BYTES, request, response));
    let isFirst = true;
    const result = await download(server.baseUrl, {
      openAppend: async (target, keepBytes) => {
        const real = await openAppend(target, keepBytes);
        return {
          ...real,
          append: async (chunk) => {
            if (!isFirst) {
              throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
            }
            isFirst = false;
            await real.append(chunk);
          },
        };
      },
    });
    assert.deepEqual(result, { ok: false, error: { kind: 'disk-full' } });
    const keptBytes = readFileSync(partial());
    assert.deepEqual(keptBytes, BYTES.subarray(0, keptBytes.length));
    assert.notEqual(keptBytes.length, 0);
  });

  it('is cancelled by the signal and writes no more', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': BYTES.length }).write(BYTES.subarray(0, 1000));
    });
    const controller = new AbortController();
    const result = await download(server.baseUrl, { signal: controller.signal, onBytes: () => controller.abort() });
    assert.deepEqual(result, { ok: false, error: { kind: 'cancelled' } });
    assert.equal(existsSync(partial()), true);
  });
});
