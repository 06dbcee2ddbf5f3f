import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openPackage, verifyPackage } from '../../../src/model/openPackage.ts';
import { buildTinyModel } from '../../../src/model/tinyModel.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

describe('openPackage', () => {
  const directory = useTemporaryDirectory();
  const file = (name: string) => path.join(directory(), 'm', name);

  beforeEach(async () => {
    await buildTinyModel(path.join(directory(), 'm'));
  });

  it('returns the manifest of a sound package, and verifyPackage agrees', async () => {
    const opened = await openPackage(path.join(directory(), 'm'));
    assert.ok(opened.ok);
    assert.equal(opened.value.manifest.id, 'tiny');
    const fractions: number[] = [];
    const verified = await verifyPackage(opened.value.directory, {
      onProgress: (fraction) => fractions.push(fraction),
    });
    assert.deepEqual(verified, opened);
    assert.equal(fractions.at(-1), 1);
  });

  const damages: readonly [string, () => void, RegExp][] = [
    ['a missing file', () => rmSync(file('weights-0.bin')), /lacks its file weights-0\.bin; build it again/],
    [
      'a folder in place of a file',
      () => {
        rmSync(file('tokenizer.json'));
        mkdirSync(file('tokenizer.json'));
      },
      /lacks its file tokenizer\.json/,
    ],
    [
      'a file of another size',
      () => appendFileSync(file('model.onnx'), 'x'),
      /model\.onnx in .* has \d+ bytes, expected/,
    ],
    ['a missing manifest', () => rmSync(file('manifest.json')), /there is no model package in .*: it has no manifest/],
    [
      'a manifest that is not JSON',
      () => writeFileSync(file('manifest.json'), '{'),
      /manifest\.json is damaged: it is not JSON; build the package again/,
    ],
    ['a manifest of another format', () => writeFileSync(file('manifest.json'), '{}'), /formatVersion is undefined/],
    ['an absurd manifest', () => writeFileSync(file('manifest.json'), ' '.repeat(2 ** 21)), /which no manifest has/],
    [
      'a file name that leaves the folder',
      () => {
        const text = readFileSync(file('manifest.json'), 'utf8').replace('weights-0.bin', '../weights-0.bin');
        writeFileSync(file('manifest.json'), text);
      },
      /files\.weights\[0\]\.name is not a plain file name/,
    ],
  ];
  for (const [title, damage, expected] of damages) {
    it(`refuses ${title} in a sentence`, async () => {
      damage();
      const opened = await openPackage(path.join(directory(), 'm'));
      assert.ok(!opened.ok);
      assert.match(opened.error, expected);
    });
  }

  for (const name of ['model.onnx', 'tokenizer.json', 'vocabulary.bin', 'weights-0.bin']) {
    it(`leaves it to verifyPackage to find one changed byte, which names ${name}`, async () => {
      const bytes = readFileSync(file(name));
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(file(name), bytes);
      const folder = path.join(directory(), 'm');
      const [opened, verified] = [await openPackage(folder), await verifyPackage(folder)];
      assert.ok(opened.ok && !verified.ok);
      assert.match(verified.error, new RegExp(`^${name.replace('.', '\\.')} in .* is not the file that was built`));
    });
  }
});
