import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubServer {
  readonly baseUrl: string;
  /** `METHOD-free` record of what was asked: path and Range header of every request so far. */
  readonly requests: readonly { readonly path: string; readonly range: string | undefined }[];
  readonly close: () => Promise<void>;
}

/** A file server on the loopback interface whose answers are given by the test. */
export async function startHubServer(
  answer: (request: IncomingMessage, response: ServerResponse, requestIndex: number) => void,
): Promise<HubServer> {
  const requests: { path: string; range: string | undefined }[] = [];
  const server: Server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', range: request.headers.range });
    answer(request, response, requests.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers like a server that knows ranges; `cutAfter` bytes of body the connection is broken. */
export function serveRange(bytes: Buffer, request: IncomingMessage, response: ServerResponse, cutAfter?: number): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const body = bytes.subarray(from);
  if (request.headers.range === undefined) {
    response.writeHead(200, { 'content-length': body.length });
  } else {
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { 'content-length': body.length, 'content-range': range });
  }
  if (cutAfter === undefined) {
    response.end(body);
  } else {
    response.write(body.subarray(0, cutAfter), () => setImmediate(() => response.destroy()));
  }
}
