import { strict as assert } from 'node:assert';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { createProgram, describeError } from '../../../src/cli/program.ts';
import { readTrace } from '../../../src/cli/replayTrace.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const ROOT = path.join(__dirname, '../../..');
const HEADER = '{"path":"a.py","language":"python","initial":"x"}';
const GOOD = `${HEADER}\n{"t":0,"offset":1,"deleted":0,"inserted":"y"}\n`;

describe('foretoken replay', () => {
  const directory = useTemporaryDirectory();

  /** The status and sentence that a command line ends with; `@` stands for the folder of the inputs. */
  async function outcomeOf(commandLine: string): Promise<string> {
    const folder = directory();
    writeFileSync(path.join(folder, 'good.jsonl'), GOOD);
    writeFileSync(path.join(folder, 'bad.jsonl'), `${HEADER}\n{"t":0,"offset":2,"deleted":0,"inserted":"y"}\n`);
    writeFileSync(path.join(folder, 'bad.jsonl.gz'), Buffer.of(0x1f, 0x8b, 0));
    const { signal } = new AbortController();
    const program = createProgram({ root: ROOT, workerScript: path.join(folder, 'noWorker.js'), interrupt: signal });
    try {
      await program.parseAsync(commandLine.replaceAll('@', `${folder}/`).split(' '), { from: 'user' });
    } catch (error) {
      const { status, sentence = '' } = describeError(error);
      return `${status} ${sentence.replaceAll(`${folder}/`, '@')}`;
    }
    return 'succeeded';
  }

  const refusals: readonly (readonly [commandLine: string, outcome: string])[] = [
    ['replay', "2 required option '--trace <file>' not specified"],
    ['replay --trace @none.jsonl', '2 @none.jsonl cannot be read: it does not exist'],
    [
      'replay --trace @good.jsonl --trace @bad.jsonl',
      '2 @bad.jsonl is not a trace that can be played: line 2 has the offset 2, past the end of a.py (1 UTF-16 units then)',
    ],
    ['replay --trace @bad.jsonl.gz', '2 @bad.jsonl.gz is a damaged gzip file'],
    [
      'replay --trace @good.jsonl --limit-edits 0',
      "2 option '--limit-edits <count>' argument '0' is invalid. Expected a whole number of at least 1.",
    ],
    [
      'replay --trace @good.jsonl --without next,tea',
      "2 option '--without <features>' argument 'next,tea' is invalid. Expected names of history, warm, next, window, move, context, rhythm, deadline, quietness, syntax, separated by commas.",
    ],
    [
      'replay --trace @good.jsonl --delay 2001',
      "2 option '--delay <ms>' argument '2001' is invalid. Expected a whole number from 0 to 2000.",
    ],
  ];
  for (const [commandLine, outcome] of refusals) {
    it(`refuses: ${commandLine}`, async () => {
      assert.equal(await outcomeOf(commandLine), outcome);
    });
  }

  it('reads a compressed trace like a plain one', async () => {
    const [plain, compressed] = ['a.jsonl', 'a.jsonl.gz'].map((name) => path.join(directory(), name)) as [
      string,
      string,
    ];
    writeFileSync(plain, GOOD);
    writeFileSync(compressed, gzipSync(GOOD));
    const [first, second] = [await readTrace(plain), await readTrace(compressed)];
    assert.deepEqual([second.files, second.edits], [first.files, first.edits]);
  });
});
