import { strict as assert } from 'node:assert';
import { readArchive } from '../../../../train/data/archive/readArchive.ts';
import { collectRows } from '../../../../train/data/collectRows.ts';
import { selectRows } from '../../../../train/data/selectRows.ts';
import { buildTar } from './archives.ts';

/** A module of functions with names nobody else uses: `count` functions from `start` on. */
function code(start: number, count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const id = start + index;
    return `def step_${id}(left_${id}, right_${id}):\n    total_${id} = left_${id} * ${id} + right_${id}\n    return total_${id}\n`;
  }).join('\n');
}

function collect(name: string, files: Readonly<Record<string, string>>) {
  const entry = { registry: 'pypi', name, version: '1.0', licence: 'MIT' } as const;
  const inFolder = Object.fromEntries(Object.entries(files).map(([path, text]) => [`${name}-1.0/${path}`, text]));
  return collectRows({ languages: ['python'] }, entry, readArchive(buildTar(inFolder)));
}

describe('corpus from package archives', () => {
  it('keeps the source files of the wanted languages and says why others are dropped', () => {
    const { rows, dropped } = collect('alpha', {
      'src/steps.py': `# ada@engine.org\n${code(0, 9)}`,
      'src/tiny.py': 'x = 1\n',
      'src/api_pb2.py': code(100, 9),
      'vendor/copy.py': code(200, 9),
      'src/page.html': code(300, 9),
    });
    assert.deepEqual(rows, [
      {
        package: 'alpha',
        registry: 'pypi',
        version: '1.0',
        licence: 'MIT',
        language: 'python',
        path: 'src/steps.py',
        text: `# name@example.com\n${code(0, 9)}`,
      },
    ]);
    assert.deepEqual(Object.fromEntries(dropped), { size: 1, generated: 1, foreignFolder: 1 });
  });

  it('removes copies, and from the training half what the held-out half or a fixture has', () => {
    const train = collect('alpha', {
      'own.py': code(0, 40),
      'ownWithOtherSpaces.py': code(0, 40).replaceAll('    ', '\t'),
      'nearlyOwn.py': `${code(0, 40)}\n${code(900, 1)}`,
      'other.py': code(1000, 40),
      'fromHeldOut.py': `${code(2000, 9)}\n${code(3000, 40)}`,
      'fromFixture.py': `${code(4000, 9)}\n${code(5000, 40)}`,
    }).rows;
    const heldOut = collect('beta', { 'beta.py': code(2000, 40) }).rows;
    const selected = selectRows(train, heldOut, [code(4000, 40)]);
    const keptPaths = selected.train.map((row) => row.path).sort();
    assert.equal(keptPaths.length, 2);
    assert.equal(keptPaths.includes('other.py'), true);
    assert.deepEqual(
      selected.heldOut.map((row) => row.path),
      ['beta.py'],
    );
    assert.equal(selected.dropped.get('overlapsHeldOut'), 1);
    assert.equal(selected.dropped.get('overlapsFixtures'), 1);
    assert.equal(selected.overlap.heldOutSeenInTrain, 0);
    assert.ok(selected.overlap.heldOutSeenInTrainBeforeDropping > 0.1);
  });

  it('comes out in the same order whatever order the rows come in', () => {
    const rows = collect('alpha', { 'a.py': code(0, 20), 'b.py': code(100, 20), 'c.py': code(200, 20) }).rows;
    const [first, second] = [rows, [...rows].reverse()].map((given) => selectRows(given, [], []).train);
    assert.deepEqual(first, second);
  });
});
