// A worker process without a model, for tests of its client: speaks the protocol and dies where it is told to.
// STAND_IN_DIRECTORY: a folder that remembers the starts. STAND_IN_CRASHES: JSON, phase -> how many starts crash in it.
const { appendFileSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { createMessageConnection, IPCMessageReader, IPCMessageWriter } = require('vscode-jsonrpc/node');

const startsFile = join(process.env.STAND_IN_DIRECTORY, 'starts');
const crashes = JSON.parse(process.env.STAND_IN_CRASHES ?? '{}');
appendFileSync(startsFile, `${process.pid}\n`);
const startNumber = readFileSync(startsFile, 'utf8').split('\n').length - 1;

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
connection.onRequest('model-prepare', (parameters, token) => {
  crashIn('prepare');
  if (parameters.id === 'absent' && !parameters.allowDownload) {
    return { ok: false, reason: 'not-allowed', message: 'the model is not on this machine yet' };
  }
  if (parameters.id === 'absent') {
    connection.sendNotification('model-prepare-progress', { phase: 'download', fraction: 0.5, detail: 'stand-in' });
    return new Promise((resolve) => {
      token.onCancellationRequested(() =>
        resolve({ ok: false, reason: 'cancelled', message: 'fetching was cancelled' }),
      );
    });
  }
  return { ok: true, directory: parameters.id };
});
connection.onRequest('model-load', (parameters) => {
  crashIn(`load on ${parameters.device}`);
  if (parameters.directory === 'damaged') {
    return { ok: false, message: 'the package is damaged' };
  }
  return {
    ok: true,
    model: {
      id: 'stand-in',
      quantization: 'q8',
      device: parameters.device,
      threads: 1,
      contextLength: 1024,
      availableMethods: ['auto', 'off', 'lookup'],
      loadMs: 1,
    },
  };
});
connection.onRequest('completion', (parameters) => {
  if (parameters.prompt.prefix === 'crash') {
    process.kill(process.pid, 'SIGKILL');
  }
  if (parameters.prompt.prefix === 'wait') {
    return new Promise(() => undefined);
  }
  return { kind: 'superseded', stage: 'queued' };
});
connection.onRequest('caches-clear', () => ({ freedBytes: 12 }));
connection.onRequest('memory-report', () => ({ residentBytes: 34 }));
connection.listen();
process.on('disconnect', () => process.exit(0));

function crashIn(phase) {
  if (startNumber <= (crashes[phase] ?? 0)) {
    process.kill(process.pid, 'SIGKILL');
  }
}
