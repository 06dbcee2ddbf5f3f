import { strict as assert } from 'node:assert';
import { NearDuplicates } from '../../../../train/data/duplicates/nearDuplicates.ts';
import { hashNGrams } from '../../../../train/data/duplicates/nGrams.ts';

function words(count: number, start = 0): string {
  return Array.from({ length: count }, (_, index) => `word${start + index}`).join(' ');
}

function sharedCount(left: string, right: string): number {
  const grams = hashNGrams(right);
  return [...hashNGrams(left)].filter((gram) => grams.has(gram)).length;
}

describe('13-grams', () => {
  it('counts one for every run of thirteen words', () => {
    assert.deepEqual(
      [12, 13, 20].map((count) => hashNGrams(words(count)).size),
      [0, 1, 8],
    );
  });

  it('finds a run wherever it stands', () => {
    assert.equal(sharedCount(words(13, 100), `${words(50)} ${words(13, 100)} ${words(9, 200)}`), 1);
  });

  it('finds nothing in texts that share twelve words', () => {
    assert.equal(sharedCount(words(30), `${words(12)} ${words(40, 500)}`), 0);
  });

  it('passes over case, punctuation and the comment at the head', () => {
    const licence = `/* ${words(40, 900)} */\n`;
    assert.equal(
      sharedCount(`${licence}${words(20)}`, `${licence}${words(20).toUpperCase().replaceAll(' ', '.(')}`),
      8,
    );
    assert.equal(sharedCount(`${licence}${words(20)}`, `${licence}${words(20, 300)}`), 0);
  });

  it('takes a file for a copy when most of it was seen', () => {
    const copies = new NearDuplicates();
    const original = words(1000);
    const answers = [original, `${original} ${words(300, 5000)}`, words(1000, 9000)].map((text) =>
      copies.isCopyOfEarlier(hashNGrams(text)),
    );
    assert.deepEqual(answers, [false, true, false]);
  });
});
