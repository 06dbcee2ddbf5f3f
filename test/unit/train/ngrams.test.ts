import assert from 'node:assert/strict';
import { StaticNgrams } from '../../../src/engine/draft/lookup/staticNgrams.ts';
import type { ChooseOptions } from '../../../train/ngrams/chooseEntries.ts';
import { chooseEntries } from '../../../train/ngrams/chooseEntries.ts';
import { countContexts } from '../../../train/ngrams/countContexts.ts';
import { encodeTable, tableBytes } from '../../../train/ngrams/encodeTable.ts';
import { mergePieces, samplePiece } from '../../../train/ngrams/sampleTokens.ts';
import { createRandom, randomInteger } from '../../support/random.ts';

const CHOOSE = { maxBytes: 1e6, minPlaces: 2, minPackages: 1 };

/** Packages of one file each. */
function sampleOf(...files: readonly (readonly number[])[]): Int32Array {
  return Int32Array.from(files.flatMap((tokens, index) => [-1 - index, ...tokens]));
}

function tableOf(tokens: Int32Array, options: Partial<ChooseOptions> = {}): StaticNgrams {
  const levels = countContexts(tokens, { longestContext: 4, minPlaces: 2 });
  const read = StaticNgrams.read(encodeTable(chooseEntries(levels, { ...CHOOSE, ...options }), 100, 4), 100);
  assert.ok(read.ok);
  return read.value;
}

describe('table of n-grams', () => {
  it('counts what a search of the text counts', () => {
    const random = createRandom(3);
    const tokens = sampleOf(...[0, 1, 2].map(() => Array.from({ length: 14 }, () => randomInteger(random, 0, 2))));
    const text = ` ${tokens.join(' ')} `;
    for (const level of countContexts(tokens, { longestContext: 3, minPlaces: 1 })) {
      const contexts = new Set<string>();
      for (let at = 0; at + level.length < tokens.length; at++) {
        const gram = tokens.subarray(at, at + level.length + 1);
        if (gram.every((token) => token >= 0)) {
          contexts.add(gram.subarray(0, -1).join(' '));
        }
      }
      const searched = [...contexts].map((context) => {
        const places = [0, 1, 2].map((next) => text.split(new RegExp(`(?<= ${context}) (?=${next} )`)).length - 1);
        return `${places[0]! + places[1]! + places[2]!} ${Math.max(...places)}`;
      });
      const counted = [...level.places.keys()]
        .filter((context) => level.places[context]! > 0)
        .map((context) => `${level.places[context]} ${level.followed[context]}`);
      assert.deepEqual(counted.sort(), searched.sort());
    }
  });

  it('leaves out a longer context that says what the shorter one says', () => {
    const table = tableOf(sampleOf([1, 2, 3, 9, 4, 2, 3, 8, 1, 2, 3, 7, 4, 2, 3, 6, 5, 2, 3]));
    assert.deepEqual([table.next([1, 2])?.token, table.next([1, 2])?.length], [3, 1]);
  });

  it('keeps a longer context that knows better', () => {
    const table = tableOf(sampleOf([1, 2, 3, 9, 1, 2, 3, 8, 1, 2, 3, 7, 4, 2, 5, 6, 4, 2, 5]));
    assert.deepEqual([table.next([8, 2])?.token, table.next([4, 2])?.token], [3, 5]);
  });

  it('leaves out what only one package shows', () => {
    const text = [1, 2, 3, 1, 2, 3, 1, 2, 3];
    assert.equal(tableOf(sampleOf(text), { minPackages: 2 }).next([1]), undefined);
    assert.equal(tableOf(sampleOf(text, text), { minPackages: 2 }).next([1])?.token, 2);
  });

  it('sees no n-gram across the border of two files', () => {
    assert.equal(tableOf(sampleOf([1, 5], [2, 6], [1, 7], [2, 8], [1], [2])).next([1]), undefined);
  });

  it('keeps the weightiest entries when there is no room for all', () => {
    const random = createRandom(9);
    const rare = Array.from({ length: 600 }, () => randomInteger(random, 10, 40));
    const common = Array.from({ length: 200 }, (_, index) => 1 + (index % 3));
    const maxBytes = tableBytes(3);
    const levels = countContexts(sampleOf([...common, ...rare]), { longestContext: 4, minPlaces: 2 });
    const entries = chooseEntries(levels, { ...CHOOSE, maxBytes });
    assert.ok(entries.length > 0 && tableBytes(entries.length) <= maxBytes);
    assert.deepEqual(entries.map(({ token }) => token).sort(), [1, 2, 3]);
  });

  it('is counted over pieces that have no file twice and keep packages together', () => {
    const files = Array.from({ length: 40 }, (_, index) => ({
      package: `package-${index % 4}`,
      language: 'python',
      path: `${index}.py`,
      text: `${index}`,
    }));
    const encode = (text: string): number[] => [Number(text), 50];
    const pieces = [0, 1, 2].map((piece) => samplePiece(files, { piece, pieces: 3, maxTokens: 1000, seed: 1, encode }));
    const { tokens, files: count } = mergePieces(pieces);
    assert.ok(count > 30 && count <= 40 && tokens.length === 3 * count);
    const marks = [...tokens].filter((token) => token < 0);
    assert.deepEqual(
      marks,
      marks.toSorted((left, right) => right - left),
    );
    const texts = [...tokens].filter((token, at) => token >= 0 && tokens[at - 1]! < 0);
    assert.equal(new Set(texts).size, count);
  });
});
