import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Utf8Decoder } from '../../../src/base/utf8.ts';
import { splitAtWordStart } from '../../../src/engine/tokenizer/splitAtWordStart.ts';
import type { Sample, SampleTokens } from '../../../train/samples/buildSample.ts';
import { buildSample } from '../../../train/samples/buildSample.ts';
import type { CutKind } from '../../../train/samples/chooseCut.ts';
import { chooseCut, chooseOtherEnd } from '../../../train/samples/chooseCut.ts';
import type { SourceFile } from '../../../train/samples/drawGroup.ts';
import { drawGroup, drawLeftToRight } from '../../../train/samples/drawGroup.ts';
import { createRandom } from '../../../train/samples/random.ts';
import { createByteTokenizer } from '../../support/byteTokenizer.ts';

const PREFIX = 1000;
const SUFFIX = 1001;
const MIDDLE = 1002;
const tokenizer = createByteTokenizer(['    ', ' return', ' self']);
const TOKENS: SampleTokens = { tokenizer, control: { prefix: PREFIX, suffix: SUFFIX, middle: MIDDLE } };
const KINDS: readonly CutKind[] = ['rest-of-line', 'in-line', 'line', 'lines', 'block', 'nothing'];

const codeFolder = new URL('../../fixtures/code/', import.meta.url);
const FILES: readonly SourceFile[] = readdirSync(codeFolder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.join(entry.parentPath, entry.name))
  .map((file) => ({ package: 'fixtures', language: 'any', path: file, text: readFileSync(file, 'utf8') }));

describe('chooseCut', () => {
  function cutsOf(kind: CutKind) {
    const random = createRandom(7);
    return Array.from({ length: 300 }, () => {
      const { text } = random.pick(FILES);
      const cut = chooseCut(text, kind, { first: 0, last: 400 }, random);
      return cut === undefined
        ? []
        : [{ text, cut, middle: text.slice(cut.start, cut.end), after: text.slice(cut.end) }];
    }).flat();
  }

  const lineFeeds = (text: string): number => text.split('\n').length - 1;
  const endsLine = (after: string): boolean => after === '' || after.startsWith('\n');

  it('leaves text after the cursor in its line for a cut inside a line', () => {
    const cuts = cutsOf('in-line');
    assert.ok(cuts.length > 200);
    assert.ok(cuts.every(({ middle, after }) => lineFeeds(middle) === 0 && !/^\s*(\n|$)/.test(after)));
  });

  it('takes everything to the end of the line for the rest of a line', () => {
    const cuts = cutsOf('rest-of-line');
    assert.ok(cuts.length > 200);
    assert.ok(cuts.every(({ middle, after }) => lineFeeds(middle) === 0 && middle.trim() !== '' && endsLine(after)));
  });

  it('takes deeper lines only for a block', () => {
    const cuts = cutsOf('block');
    assert.ok(cuts.length > 50);
    for (const { text, cut, middle, after } of cuts) {
      const indentation = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', cut.start - 1) + 1))![0].length;
      const least = middle.startsWith('\n') ? indentation + 1 : 1;
      const lines = middle
        .split('\n')
        .slice(1)
        .filter((line) => line.trim() !== '');
      assert.ok(lines.every((line) => /^[ \t]*/.exec(line)![0].length >= least) && endsLine(after), middle);
    }
  });

  it('cuts nothing out where nothing is missing, and something everywhere else', () => {
    for (const kind of KINDS) {
      assert.ok(
        cutsOf(kind).every(({ middle }) => (middle === '') === (kind === 'nothing')),
        kind,
      );
    }
  });

  it('begins and ends inside words at times, so that the model sees every cursor', () => {
    const cuts = cutsOf('in-line');
    const isInside = (text: string, at: number): boolean => /\w/.test(text[at - 1] ?? '') && /\w/.test(text[at] ?? '');
    assert.ok(cuts.filter(({ text, cut }) => isInside(text, cut.start)).length > 30);
    assert.ok(cuts.filter(({ text, cut }) => isInside(text, cut.end)).length > 30);
  });

  it('finds another end for the same cursor', () => {
    const random = createRandom(3);
    const pairs = cutsOf('rest-of-line').flatMap(({ text, cut }) => {
      const other = chooseOtherEnd(text, cut, random);
      return other === undefined ? [] : [{ cut, other }];
    });
    assert.ok(pairs.length > 200);
    assert.ok(pairs.every(({ cut, other }) => cut.start === other.start && cut.end !== other.end));
  });
});

describe('buildSample', () => {
  const text =
    'import os\n\n\ndef load(path):\n    with open(path) as file:\n        return file.read()\n\nload("x")\n';
  const options = {
    layout: 'anchored',
    budget: { beforeChars: 2000, afterChars: 640 },
    previous: undefined,
    context: undefined,
    maxMiddleTokens: 100,
  } as const;
  const cursor = text.indexOf('urn file');
  const cut = { start: cursor, end: text.indexOf('.read') };

  it('gives the prompt of the engine and the healed word as the start of the middle', () => {
    const sample = buildSample({ text, languageId: 'python' }, cut, TOKENS, options);
    assert.deepEqual(decode(sample.prompt), [
      [PREFIX, 'import os\n\n'],
      [SUFFIX, '.read()\n\nload("x")\n'],
      [MIDDLE, '\ndef load(path):\n    with open(path) as file:\n       '],
    ]);
    assert.deepEqual([textOf(sample.middle), sample.ends], [' return file', true]);
  });

  it('goes on from inside the word in the plain layout, which has nothing to heal', () => {
    const sample = buildSample({ text, languageId: 'python' }, cut, TOKENS, { ...options, layout: 'plain' });
    assert.deepEqual(decode(sample.prompt)[2], [MIDDLE, '']);
    assert.equal(textOf(sample.middle), 'urn file');
  });

  it('has no end where the middle is longer than the limit', () => {
    const sample = buildSample({ text, languageId: 'python' }, cut, TOKENS, { ...options, maxMiddleTokens: 2 });
    assert.deepEqual([sample.middle.length, sample.ends], [2, false]);
  });

  it('keeps the window and the anchor of an earlier cursor', () => {
    const document = { text, languageId: 'python' };
    const first = buildSample(document, cut, TOKENS, options);
    const later = { start: text.indexOf('"x"'), end: text.indexOf(')\n', text.indexOf('"x"')) };
    const second = buildSample(document, later, TOKENS, { ...options, previous: first.plan });
    assert.deepEqual(decode(second.prompt)[0], decode(first.prompt)[0]);
    assert.deepEqual(decode(second.prompt)[1], [SUFFIX, ')\n']);
  });
});

describe('drawGroup', () => {
  const options = {
    cuts: 3,
    maxMiddleTokens: 400,
    beforeChars: [260, 1300],
    afterChars: [70, 560],
    contextChars: [200, 700],
  } as const;

  function draw(seed: number): readonly Sample[] {
    const random = createRandom(seed);
    return Array.from({ length: 200 }, (_, group) => {
      const file = random.pick(FILES);
      return drawGroup(file, [random.pick(FILES)], group, TOKENS, options, random);
    }).flat();
  }

  it('gives the same samples for the same seed and others for another', () => {
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
  });

  it('cuts every middle out of its file between the text before and after the cursor', () => {
    for (const { prompt, middle, ends } of draw(4)) {
      const [, [, suffix], [, tail]] = decode(prompt) as [unknown, [number, string], [number, string]];
      const stretch = tail + textOf(middle) + (ends ? suffix : '');
      assert.ok(
        FILES.some(({ text }) => text.includes(stretch)),
        stretch,
      );
    }
  });

  it('never ends an anchored prompt inside a word', () => {
    for (const { prompt } of draw(5)) {
      const tail = decode(prompt)[2]![1];
      assert.ok(tail === '' || !/\w$/.test(tail) || splitAtWordStart(tail).kept !== '', tail);
    }
  });

  it('gives samples of one group the same beginning up to the suffix', () => {
    const samples = draw(6);
    const beginnings = new Map<number, string>();
    for (const { group, prompt } of samples) {
      const beginning = prompt.slice(0, prompt.indexOf(SUFFIX)).join();
      assert.ok((beginnings.get(group) ?? beginning) === beginning, `group ${group}`);
      beginnings.set(group, beginning);
    }
    assert.ok(beginnings.size < samples.length / 2);
  });

  it('holds every kind of cut, ends inside lines among them in about half', () => {
    const samples = [7, 8, 9, 10].flatMap(draw);
    assert.deepEqual(new Set(samples.map(({ kind }) => kind)), new Set(KINDS));
    const endsInside = samples.filter(({ prompt, ends }) => ends && /^[^\n]*\S/.test(decode(prompt)[1]![1])).length;
    assert.ok(
      endsInside > 0.3 * samples.length && endsInside < 0.6 * samples.length,
      `${endsInside} of ${samples.length}`,
    );
  });

  it('gives no end and no suffix to left-to-right samples', () => {
    const random = createRandom(8);
    const samples = Array.from({ length: 50 }, () =>
      drawLeftToRight(random.pick(FILES), 0, TOKENS, { ...options, maxMiddleTokens: 40 }, random),
    ).flat();
    assert.ok(samples.length > 40);
    assert.ok(samples.every(({ ends }) => !ends));
    const suffixes = samples.filter(({ prompt }) => prompt.includes(SUFFIX)).map(({ prompt }) => decode(prompt)[1]![1]);
    assert.deepEqual(new Set(suffixes), new Set(['']));
  });
});

/** The parts of a prompt: each control token with the text after it. */
function decode(prompt: readonly number[]): readonly (readonly [number, string])[] {
  const starts = prompt.flatMap((id, at) => (id >= PREFIX ? [at] : []));
  return starts.map((start, index) => [prompt[start]!, textOf(prompt.slice(start + 1, starts[index + 1]))]);
}

function textOf(ids: readonly number[]): string {
  return new Utf8Decoder().push(ids.map((id) => tokenizer.bytesOf(id)).join(''));
}
