import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { animatedPng } from '../../support/animatedPng.ts';

describe('animatedPng', () => {
  const png = readFileSync(new URL('../../../media/icon.png', import.meta.url));

  it('numbers the frames, announces how many there are and ends once', () => {
    const text = animatedPng([
      { png, ms: 100 },
      { png, ms: 200 },
    ]).toString('latin1');
    const names = [...text.matchAll(/IHDR|acTL|fcTL|fdAT|IDAT|IEND/g)].map(([name]) => name);
    const images = png.toString('latin1').split('IDAT').length - 1;
    assert.deepEqual(names, [
      'IHDR',
      'acTL',
      'fcTL',
      ...Array<string>(images).fill('IDAT'),
      'fcTL',
      ...Array<string>(images).fill('fdAT'),
      'IEND',
    ]);
  });
});
