import { strict as assert } from 'node:assert';
import { gzipSync } from 'node:zlib';
import { readArchive } from '../../../../train/data/archive/readArchive.ts';
import { buildTar, buildZip } from './archives.ts';

const FILES = { 'name-1.0/src/a.py': 'a = 1\n', 'name-1.0/README': '' };

function pathsAndTexts(archive: Buffer): Readonly<Record<string, string>> {
  return Object.fromEntries(readArchive(archive).map(({ path, bytes }) => [path, bytes.toString('utf8')]));
}

describe('readArchive', () => {
  const expected = { 'src/a.py': 'a = 1\n', README: '' };
  it('reads tar, gzipped tar and zip alike', () => {
    const archives = [buildTar(FILES), gzipSync(buildTar(FILES)), buildZip(FILES)];
    assert.deepEqual(archives.map(pathsAndTexts), [expected, expected, expected]);
  });

  it('reads paths longer than a tar header holds', () => {
    const path = `name-1.0/${'folder/'.repeat(30)}a.py`;
    assert.deepEqual(Object.keys(pathsAndTexts(buildTar({ [path]: 'a' }))), [path.slice('name-1.0/'.length)]);
  });

  it('takes the whole folder of a Go module off', () => {
    assert.deepEqual(pathsAndTexts(buildZip({ 'host.example/a/b@v1.0.0/c/d.go': 'package c' })), {
      'c/d.go': 'package c',
    });
  });

  it('refuses a cut archive', () => {
    assert.throws(() => readArchive(buildTar({ 'a/b': 'x'.repeat(2000) }).subarray(0, 1500)), /ends inside a file/);
    assert.throws(() => readArchive(buildZip(FILES).subarray(0, 60)), /not a zip archive/);
  });
});
