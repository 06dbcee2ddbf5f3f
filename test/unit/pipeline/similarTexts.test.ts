import assert from 'node:assert/strict';
import { joinCellsAbove } from '../../../src/pipeline/context/joinCellsAbove.ts';
import { promptContext } from '../../../src/pipeline/context/promptContext.ts';
import type { SourceText } from '../../../src/pipeline/context/similarTexts.ts';
import { SimilarTexts } from '../../../src/pipeline/context/similarTexts.ts';
import { snapshotOf } from '../../support/markedText.ts';

const file = (path: string, text: string, version?: number): SourceText => ({
  path,
  version,
  readStart: (chars) => text.slice(0, chars),
});

/** `count` lines about a subject. */
const about = (subject: string, count: number): string =>
  Array.from({ length: count }, (_, line) => `${subject}Total${line % 7} = ${subject}Price * ${subject}Amount`).join(
    '\n',
  );

const AROUND = about('basket', 10);

describe('similar texts', () => {
  it('are the windows that share most identifiers, the best last', () => {
    const texts = new SimilarTexts().find(
      AROUND,
      [
        file('a.py', about('basket', 20)),
        file('b.py', about('river', 40)),
        file('c.py', `${about('basket', 7)}\n${about('river', 12)}`),
      ],
      10_000,
    );
    assert.deepEqual(
      texts.map(({ path }) => path),
      ['c.py', 'a.py'],
    );
    assert.ok(texts[0]!.similarity < texts[1]!.similarity);
  });

  it('are none where only the language is the same', () => {
    const code = 'export function first(): void {\n  return undefined;\n}\n';
    assert.deepEqual(
      new SimilarTexts().find('export class Other {\n  return this;\n}', [file('a.ts', code)], 10_000),
      [],
    );
  });

  it('come from deep inside a document and do not overlap', () => {
    const text = `${about('river', 100)}\n${about('basket', 20)}\n${about('river', 100)}`;
    const texts = new SimilarTexts().find(AROUND, [file('a.py', text)], 10_000);
    assert.ok(
      texts
        .at(-1)!
        .text.split('\n')
        .filter((line) => line.includes('basket')).length >= 10,
    );
    assert.equal(new Set(texts.map(({ text }) => text)).size, texts.length);
  });

  it('prefer what was edited of late to what is as similar, and know it where nothing is', () => {
    const twins = [file('a.py', about('basket', 9)), file('b.py', about('basket', 9))];
    const edited = twins.map((source, index) => ({ ...source, editedLines: index === 0 ? [3] : [] }));
    const bestOf = (others: readonly SourceText[]) => new SimilarTexts().find(AROUND, others, 10_000).at(-1)?.path;
    assert.equal(bestOf(edited), 'a.py');
    assert.equal(bestOf([...edited].reverse()), 'a.py');
    const river = { ...file('river.py', about('river', 60)), editedLines: [45] };
    const [found] = new SimilarTexts().find(AROUND, [river], 10_000);
    assert.ok(found !== undefined && found.text.split('\n').length <= 20);
  });

  it('come from a few new documents at each look, the last active first', () => {
    const index = new SimilarTexts(2);
    const others = ['a', 'b', 'c', 'd', 'e'].map((name) => file(`${name}.py`, about('basket', 20)));
    const looks = [1, 2, 3].map(() =>
      index
        .find(AROUND, others, 100_000)
        .map(({ path }) => path[0])
        .sort()
        .join(''),
    );
    assert.deepEqual(looks, ['ab', 'abcd', 'abcd']);
  });

  for (const [name, budgetChars, count] of [
    ['keep to the budget', 1500, 1],
    ['are left out where nothing fits', 100, 0],
    ['are four at most', 100_000, 4],
  ] as const) {
    it(name, () => {
      const others = Array.from({ length: 9 }, (_, index) => file(`${index}.py`, about('basket', 20)));
      const texts = new SimilarTexts(9).find(AROUND, others, budgetChars);
      assert.equal(texts.length, count);
      assert.ok(texts.reduce((sum, { text }) => sum + text.length, 0) <= budgetChars);
    });
  }

  it('are never from files that may hold secrets, unread', () => {
    const readStart = (): string => assert.fail('was read');
    assert.deepEqual(new SimilarTexts().find(AROUND, [{ path: '/home/me/.env', readStart }], 10_000), []);
  });

  it('pass over lines that are data', () => {
    const data = `basketPrice basketAmount ${'9,'.repeat(300)}`;
    const texts = new SimilarTexts().find(AROUND, [file('a.py', `${about('basket', 8)}\n${data}`)], 10_000);
    assert.ok(!texts[0]!.text.includes('9,9'));
  });

  it('have line feeds only', () => {
    const texts = new SimilarTexts().find(AROUND, [file('a.py', about('basket', 9).replaceAll('\n', '\r\n'))], 10_000);
    assert.ok(!texts[0]!.text.includes('\r'));
  });

  it('follow their documents, and read again only what has another version', () => {
    const index = new SimilarTexts();
    let reads = 0;
    const counted = (text: string, version: number): SourceText => ({
      path: 'a.py',
      version,
      readStart: () => {
        reads++;
        return text;
      },
    });
    const find = (source: SourceText): number => index.find(AROUND, [source], 10_000).length;
    const found = [find(counted(about('river', 9), 1)), find(counted('', 1)), find(counted(about('basket', 9), 2))];
    assert.deepEqual([found, reads], [[0, 0, 1], 2]);
  });
});

describe('the context of a prompt', () => {
  const options = { index: new SimilarTexts(), budgetChars: 10_000 };
  const snapshot = snapshotOf(`${AROUND}\n▮`, { path: '/home/me/shop/src/cart/basket.py' });

  it('names files by the end of their paths, and the folder above', () => {
    const context = promptContext(snapshot, [file('/home/me/shop/src/cart/price.py', about('basket', 9))], options);
    assert.deepEqual(
      [context?.repositoryName, context?.path, context?.files.map(({ path }) => path)],
      ['shop', 'src/cart/basket.py', ['src/cart/price.py']],
    );
  });

  it('is none where no other file is similar', () => {
    assert.equal(promptContext(snapshot, [file('river.py', about('river', 9))], options), undefined);
  });
});

describe('the cells above a notebook cell', () => {
  for (const [name, cells, expected] of [
    ['are nothing at the top', [], ''],
    ['are one text, with blank lines between', ['import a\n', '', 'b = a.c()\r\n'], 'import a\n\nb = a.c()\n\n'],
  ] as const) {
    it(name, () => {
      assert.equal(joinCellsAbove(cells), expected);
    });
  }

  it('are the nearest whole lines of a long notebook', () => {
    const joined = joinCellsAbove(Array.from({ length: 500 }, (_, index) => `value_${index} = ${index} + offset`));
    assert.ok(joined.length <= 8000 && joined.length > 7900);
    assert.ok(joined.startsWith('value_') || joined.startsWith('\n'));
    assert.ok(joined.endsWith('value_499 = 499 + offset\n\n'));
  });

  it('put definitions closest to the prompt, before what is similar, and never what may hold secrets', () => {
    const snapshot = { ...snapshotOf(`${AROUND}\n▮`), path: '/home/me/shop/src/cart/cart.py' };
    const definition = (path: string, text: string): SourceText => ({ ...file(path, text), definitionLine: 4 });
    const others = [
      definition('/home/me/shop/src/cart/tax.py', 'def tax(amount):\n    return amount'),
      definition('/home/me/shop/.env', 'KEY = 1'),
      file('/home/me/shop/src/cart/price.py', about('basket', 9)),
    ];
    const pathsWithin = (budgetChars: number) =>
      promptContext(snapshot, others, { index: new SimilarTexts(), budgetChars })?.files.map(({ path }) => path);
    assert.deepEqual(pathsWithin(5000), ['src/cart/price.py', 'src/cart/tax.py']);
    assert.deepEqual(pathsWithin(120), ['src/cart/tax.py']);
    assert.equal(pathsWithin(10), undefined);
  });
});
