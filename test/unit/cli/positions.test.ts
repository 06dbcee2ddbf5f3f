import { strict as assert } from 'node:assert';
import { parsePositions } from '../../../src/cli/positions.ts';
import { seededShuffle } from '../../../src/cli/seededShuffle.ts';

const ROW = { id: 'a', language: 'go', path: 'a.go', kind: 'line', prefix: 'x', suffix: 'y', middle: 'z' };

function errorOf(text: string): string | undefined {
  const positions = parsePositions(text);
  return positions.ok ? undefined : positions.error;
}

describe('a positions file', () => {
  it('gives one position per line, blank lines and unknown fields passed over', () => {
    const text = `${JSON.stringify({ ...ROW, extra: 1 })}\n\n${JSON.stringify({ ...ROW, id: 'b' })}\r\n`;
    const positions = parsePositions(text);
    assert.deepEqual(positions.ok && positions.value.map(({ id, middle }) => [id, middle]), [
      ['a', 'z'],
      ['b', 'z'],
    ]);
  });

  it('may leave out id and path: the line number stands for the id', () => {
    const { id: _, path: __, ...rest } = ROW;
    const positions = parsePositions(`\n${JSON.stringify(rest)}`);
    assert.deepEqual(positions.ok && positions.value.map(({ id, path }) => [id, path]), [['2', '']]);
  });

  const malformed: readonly (readonly [text: string, error: string])[] = [
    ['', 'it has no positions'],
    [`${JSON.stringify(ROW)}\n{`, 'line 2 is not JSON'],
    ['[]', 'line 1 is not a JSON object'],
    [`\n\n${JSON.stringify({ ...ROW, middle: 3 })}`, 'line 3 has no text in the field "middle"'],
    [JSON.stringify({ ...ROW, kind: undefined }), 'line 1 has no text in the field "kind"'],
    [JSON.stringify({ ...ROW, files: [{ path: 'b.go' }] }), 'line 1 has "files" that are not a list of {path, text}'],
    [JSON.stringify({ ...ROW, path: 1 }), 'line 1 has an "id" or "path" that is not text'],
  ];
  for (const [text, error] of malformed) {
    it(`is refused with a clause: ${error}`, () => {
      assert.equal(errorOf(text), error);
    });
  }
});

describe('a seeded order', () => {
  const items = Array.from({ length: 50 }, (_, index) => index);

  it('is the same for the same seed, another for another seed, and keeps every item', () => {
    const first = seededShuffle(items, 1);
    assert.deepEqual(first, seededShuffle(items, 1));
    assert.notDeepEqual(first, seededShuffle(items, 2));
    assert.notDeepEqual(first, items);
    assert.deepEqual(
      [...first].sort((left, right) => left - right),
      items,
    );
  });
});
