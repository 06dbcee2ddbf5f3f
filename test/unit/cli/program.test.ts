import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createProgram, describeError } from '../../../src/cli/program.ts';
import { chooseQuantization } from '../../../src/model/chooseQuantization.ts';

/** What `--quantization auto` is here. */
const AUTOMATIC = chooseQuantization('auto', { device: 'auto', architecture: process.arch });
const ROOT = path.join(__dirname, '../../..');

describe('the command line', () => {
  let folder: string;
  let cacheHome: string | undefined;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'foretoken-cli-'));
    writeFileSync(path.join(folder, 'two.py'), 'a = 1\nbcd\n');
    writeFileSync(path.join(folder, 'latin1.py'), Buffer.from([0x63, 0x61, 0x66, 0xe9]));
    writeFileSync(path.join(folder, 'rows.jsonl'), '{"id": 1}\n');
    writeFileSync(path.join(folder, 'empty.jsonl'), '\n');
    mkdirSync(path.join(folder, 'notAPackage'));
    // No package of this machine's user may answer.
    cacheHome = process.env.XDG_CACHE_HOME;
    process.env.XDG_CACHE_HOME = path.join(folder, 'cache');
  });

  after(() => {
    if (cacheHome === undefined) {
      delete process.env.XDG_CACHE_HOME;
    } else {
      process.env.XDG_CACHE_HOME = cacheHome;
    }
    rmSync(folder, { recursive: true });
  });

  /** The status and sentence that a command line ends with; `@` stands for the folder of the inputs. */
  async function outcomeOf(commandLine: string): Promise<string> {
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

  const place = '--line 0 --column 0';
  const refusals: readonly (readonly [commandLine: string, outcome: string])[] = [
    [`complete ${place}`, "2 missing required argument 'file'"],
    ['complete @two.py --column 0', "2 required option '--line <line>' not specified"],
    [
      'complete @two.py --line -1 --column 0',
      "2 option '--line <line>' argument '-1' is invalid. Expected a whole number of at least 0.",
    ],
    [
      `complete @two.py ${place} --max-tokens 0`,
      "2 option '--max-tokens <count>' argument '0' is invalid. Expected a whole number from 1 to 512.",
    ],
    [
      `complete @two.py ${place} --threshold NaN`,
      "2 option '--threshold <epsilon>' argument 'NaN' is invalid. Expected a number from 0.01 to 1.",
    ],
    [
      `complete @two.py ${place} --threads 1.5`,
      "2 option '--threads <count>' argument '1.5' is invalid. Expected a whole number from 0 to 64.",
    ],
    [
      `complete @two.py ${place} --method turbo`,
      "2 option '--method <method>' argument 'turbo' is invalid. Allowed choices are auto, off, lookup, medusa, mtp.",
    ],
    [
      'complete @two.py --line 9 --column 0',
      '2 --line 9 is past the end: @two.py has 3 lines, and counting from 0 the last one is 2',
    ],
    [
      'complete @two.py --line 1 --column 4',
      '2 --column 4 is past the end of the line: line 1 of @two.py has 3 UTF-16 units',
    ],
    [
      `complete @latin1.py ${place}`,
      '2 @latin1.py is not UTF-8 text; if it is text in another encoding, save it as UTF-8 and try again',
    ],
    [`complete @missing.py ${place}`, '2 @missing.py cannot be read: it does not exist'],
    [`complete @notAPackage ${place}`, '2 @notAPackage cannot be read: it is a folder'],
    [`complete @two.py ${place} --model @missing`, '2 there is no model folder @missing'],
    [
      `complete @two.py ${place} --model @notAPackage`,
      '2 @notAPackage is not a model package: it has no manifest.json',
    ],
    [
      `complete @two.py ${place} --model @two.py`,
      '2 @two.py is a file; a model package is a folder with a manifest.json',
    ],
    [
      `complete @two.py ${place} --model gpt-5`,
      '2 there is no model "gpt-5": it is neither a folder nor one of qwen2.5-coder-0.5b, qwen2.5-coder-1.5b',
    ],
    [
      `complete @two.py ${place}`,
      `1 the model qwen2.5-coder-0.5b (${AUTOMATIC}) is not on this machine yet; run "foretoken model fetch qwen2.5-coder-0.5b"`,
    ],
    [
      'eval --positions @rows.jsonl',
      '2 @rows.jsonl is not a positions file: line 1 has no text in the field "language"',
    ],
    ['bench', "2 required option '--positions <file>' not specified"],
    ['bench --positions @empty.jsonl', '2 @empty.jsonl is not a positions file: it has no positions'],
    [
      'bench --positions @rows.jsonl --methods off,turbo',
      "2 option '--methods <list>' argument 'off,turbo' is invalid. There is no method \"turbo\"; give some of off, lookup, " +
        'medusa, mtp, auto, with commas between them.',
    ],
    [
      'bench --positions @rows.jsonl --acceptance loose',
      "2 option '--acceptance <mode>' argument 'loose' is invalid. Allowed choices are exact, typical.",
    ],
    ['model import @two.py', '2 @two.py cannot be used: it is not a GGUF file'],
    [
      'model fetch gpt-5',
      '2 there is no model "gpt-5" in the catalogue; known models: qwen2.5-coder-0.5b, qwen2.5-coder-1.5b',
    ],
    ['model verify @notAPackage', '2 @notAPackage is not a model package: it has no manifest.json'],
    ['frobnicate', "2 unknown command 'frobnicate'"],
    ['model frobnicate', "2 unknown command 'frobnicate'"],
    ['doctor --frobnicate', "2 unknown option '--frobnicate'"],
    ['model', '2 no command given; --help lists them'],
  ];
  for (const [commandLine, outcome] of refusals) {
    it(`refuses "${commandLine}" with one sentence`, async () => {
      assert.equal(await outcomeOf(commandLine), outcome);
    });
  }
});
