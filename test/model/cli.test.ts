import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, openSync, readSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { ModelPackage } from '../../src/model/openPackage.ts';
import { packageFiles } from '../../src/model/openPackage.ts';
import { defaultPackage } from '../support/defaultPackage.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';

const ROOT = path.join(__dirname, '../..');
const CLI = path.join(ROOT, 'dist/cli.js');
const SAMPLE = path.join(ROOT, 'test/fixtures/workspace/inventory.py');
const PLACE = ['--line', '38', '--column', '12'];

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line as a user would. */
async function foretoken(...commandArguments: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [CLI, ...commandArguments]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

async function completeJson(...commandArguments: readonly string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await foretoken('complete', ...commandArguments, '--json');
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('the command line on the real model', function () {
  this.timeout(5 * 60_000);
  const temporaryDirectory = useTemporaryDirectory();
  let model: ModelPackage;

  before(async () => {
    model = await defaultPackage();
  });

  /** A package folder whose files are the real ones, but for those named. */
  function linkPackage(except: string): string {
    for (const name of ['manifest.json', ...packageFiles(model.manifest).map((file) => file.name)]) {
      if (name !== except) {
        symlinkSync(path.join(model.directory, name), path.join(temporaryDirectory(), name));
      }
    }
    return temporaryDirectory();
  }

  it('completes a place of a file and says what it cost, as one JSON document', async () => {
    const document = await completeJson(SAMPLE, ...PLACE);
    const {
      text,
      tokens,
      forwards,
      ms,
      perStep,
      model: id,
    } = document as {
      readonly text: string;
      readonly tokens: number;
      readonly forwards: number;
      readonly ms: Readonly<Record<string, number>>;
      readonly perStep: readonly object[];
      readonly model: string;
    };
    assert.match(text, /raise ValueError/);
    assert.equal(id, model.manifest.id);
    assert.ok(tokens > 1 && forwards > 1);
    assert.deepEqual(Object.keys(ms).sort(), ['draft', 'prefill', 'queued', 'total', 'verify']);
    assert.ok(ms.total! >= ms.prefill! + ms.verify!);
    assert.ok(perStep.length > 0);
    assert.deepEqual(Object.keys(perStep[0]!).sort(), ['accepted', 'drafted', 'method', 'nodes']);
  });

  it('writes the same text on every run, and the line drawn for people has it', async () => {
    const [first, second] = [await completeJson(SAMPLE, ...PLACE), await completeJson(SAMPLE, ...PLACE)];
    const { stdout } = await foretoken('complete', SAMPLE, ...PLACE);
    assert.equal(first.text, second.text);
    assert.ok(stdout.includes(`«${(first.text as string).split('\n')[0]}»`), stdout);
  });

  it('refuses an empty file and one of 20 MB as the editor does, without asking the model', async () => {
    const empty = path.join(temporaryDirectory(), 'empty.py');
    writeFileSync(empty, '');
    const large = path.join(temporaryDirectory(), 'large.py');
    writeFileSync(large, 'def increase(x):\n    return x + 1\n\n'.repeat(571_429));
    for (const [file, line, reason] of [
      [empty, 0, 'blank-document'],
      [large, 999_999, 'document-too-large'],
    ] as const) {
      const document = await completeJson(file, '--line', `${line}`, '--column', '0', '--max-tokens', '4');
      assert.deepEqual([document.text, document.reason, document.tokens], ['', reason, 0]);
    }
  });

  it('verifies the package, and names the weight file in which one byte was changed', async () => {
    const good = await foretoken('model', 'verify', model.directory, '--json');
    assert.deepEqual([good.status, (JSON.parse(good.stdout) as { ok: boolean }).ok], [0, true]);

    const { name, bytes } = model.manifest.files.weights[0]!;
    const directory = linkPackage(name);
    const copy = path.join(directory, name);
    copyFileSync(path.join(model.directory, name), copy);
    flipByte(copy, Math.floor(bytes / 2));
    const bad = await foretoken('model', 'verify', directory);
    assert.deepEqual([bad.status, bad.stdout], [1, '']);
    assert.match(lastLine(bad.stderr), new RegExp(`^foretoken: .*${name.replaceAll('.', '\\.')}.*SHA-256`));
  });

  it('refuses a package that lacks a file, with its name and nothing on stdout', async () => {
    const { name } = model.manifest.files.weights[0]!;
    const { status, stdout, stderr } = await foretoken(
      'complete',
      SAMPLE,
      ...PLACE,
      '--model',
      linkPackage(name),
      '--json',
    );
    assert.deepEqual([status, stdout, stderr.trim().split('\n').length], [1, '', 1]);
    assert.ok(stderr.includes(name), stderr);
  });

  it('lists the default model as ready', async () => {
    const { stdout } = await foretoken('model', 'list', '--json');
    const models = JSON.parse(stdout) as readonly { readonly dir: string }[];
    const { id, licence } = model.manifest;
    const listed = models.find(({ dir }) => dir === model.directory);
    assert.deepEqual(
      model.manifest.heads.map(({ method }) => method),
      ['medusa', 'mtp'],
    );
    const bytes = packageFiles(model.manifest).reduce((sum, file) => sum + file.bytes, 0);
    assert.deepEqual(listed, {
      id,
      dir: model.directory,
      ready: true,
      bytes,
      licence,
      heads: model.manifest.heads,
      quantization: model.manifest.quantization,
    });
  });

  it('evaluates positions and writes what the model wrote', async () => {
    const positions = path.join(temporaryDirectory(), 'rows.jsonl');
    const outputs = path.join(temporaryDirectory(), 'outputs.jsonl');
    const row = { id: 'a', language: 'python', path: 'a.py', kind: 'line', suffix: '\n', middle: 'return a + b' };
    writeFileSync(positions, `${JSON.stringify({ ...row, prefix: 'def add(a, b):\n    ' })}\n`);
    const { status, stdout } = await foretoken('eval', '--positions', positions, '--outputs', outputs, '--json');
    const {
      model: id,
      rows,
      exactFirstLine,
      exactWhole,
      editSimilarity,
    } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(
      { status, id, rows, exactFirstLine, exactWhole, editSimilarity },
      { status: 0, id: model.manifest.id, rows: 1, exactFirstLine: 1, exactWhole: 1, editSimilarity: 1 },
    );
  });

  it('compares draft methods at positions, with the text of plain decoding', async () => {
    const positions = path.join(temporaryDirectory(), 'rows.jsonl');
    const row = { language: 'python', path: 'a.py', kind: 'block', suffix: '\n', middle: '' };
    const prefix = 'def total(first, second, third):\n    ';
    const rows = ['sum', 'mean'].map((id) => ({ ...row, id, prefix: `# ${id}\n${prefix}` }));
    writeFileSync(positions, rows.map((value) => `${JSON.stringify(value)}\n`).join(''));
    const bench = ['bench', '--positions', positions, '--max-tokens', '12', '--repeats', '1', '--json'];
    const { status, stdout } = await foretoken(...bench, '--methods', 'lookup,auto,mtp');
    const document = JSON.parse(stdout) as {
      readonly model: string;
      readonly rows: number;
      readonly methods: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      readonly unavailable: Readonly<Record<string, string>>;
    };
    const measured = ['off', 'lookup', 'auto', 'mtp'].filter((method) => !(method in document.unavailable));
    assert.deepEqual(
      { status, model: document.model, rows: document.rows, methods: Object.keys(document.methods) },
      { status: 0, model: model.manifest.id, rows: 2, methods: measured },
    );
    const { off, ...drafting } = document.methods;
    assert.deepEqual([off!.tokensPerForward, off!.speedup], [1, { median: 1, geomean: 1 }]);
    for (const figures of Object.values(drafting)) {
      assert.deepEqual([figures.identical, figures.differing], [1, []]);
    }
  });

  it('plays keystrokes: the suggestion of a rest is there before the next, and typing along takes no request', async () => {
    const trace = path.join(temporaryDirectory(), 'trace.jsonl');
    const initial = 'def add(first, second):\n    \n\n\nprint(add(1, 2))\n';
    // Long enough for a suggestion after the first; then along it, and away from it at once.
    const edits = [
      [0, 'r'],
      [60_000, 'e'],
      [60_300, 't'],
      [60_400, '('],
      [60_401, ')'],
    ].map(([t, inserted], index) => ({ t, offset: 28 + index, deleted: 0, inserted }));
    const rows = [{ path: 'add.py', language: 'python', initial }, ...edits];
    writeFileSync(trace, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const { status, stdout } = await foretoken('replay', '--trace', trace, '--json');
    const figures = JSON.parse(stdout) as Record<string, unknown> & {
      readonly latencyMs: Readonly<Record<string, number>>;
    };
    const { keystrokes, typeThroughHits, wasted, charactersSaved, cacheHits } = figures;
    assert.deepEqual(
      { status, keystrokes, typeThroughHits, wasted, charactersSaved },
      { status: 0, keystrokes: 5, typeThroughHits: 2, wasted: 1, charactersSaved: 2 },
    );
    assert.ok((cacheHits as number) >= 1);
    assert.ok(figures.latencyMs.p50! > 0 && figures.latencyMs.p50! < 60_000);
  });

  it('ends on Ctrl+C without a word on stdout, and its worker with it', async () => {
    const positions = path.join(ROOT, 'test/fixtures/positions.jsonl.gz');
    const child = spawn(process.execPath, [
      CLI,
      'eval',
      '--positions',
      positions,
      '--limit',
      '10',
      '--verbose',
      '--json',
    ]);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (text.includes('1 of 10 positions')) {
        // The second position is under way.
        child.kill('SIGINT');
      }
    });
    const [status] = (await once(child, 'close')) as [number | null];
    assert.deepEqual([status, stdout], [130, '']);
    const workerId = Number(/^worker process (\d+)$/m.exec(stderr)?.[1]);
    assert.ok(workerId > 0, stderr);
    assert.throws(() => process.kill(workerId, 0), { code: 'ESRCH' });
  });
});

function flipByte(file: string, at: number): void {
  const descriptor = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, at);
  writeSync(descriptor, Buffer.of(byte[0]! ^ 1), 0, 1, at);
  closeSync(descriptor);
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)!;
}
