import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Trace } from '../../../src/cli/replayTrace.ts';
import { applyEdit, parseTrace, readTrace } from '../../../src/cli/replayTrace.ts';

const HEADER = { path: 'a.py', language: 'python', initial: 'one\ntwo\n' };
const EDIT = { t: 10, offset: 3, deleted: 0, inserted: '!' };

function lines(...rows: readonly (object | string)[]): string {
  return rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');
}

function errorOf(text: string): string | undefined {
  const trace = parseTrace(text, 'test');
  return trace.ok ? undefined : trace.error;
}

describe('a trace file', () => {
  it('gives its files and its edits, with the text that each takes out and the place where it leaves the cursor', () => {
    const trace = parseTrace(
      lines(
        HEADER,
        '',
        { ...EDIT, deleted: 4, note: 'passed over' },
        { t: 10, offset: 0, deleted: 'one', inserted: '()', cursor: 1 },
      ),
      'test',
    );
    assert.ok(trace.ok);
    assert.deepEqual(trace.value.files, [{ ...HEADER, isOpen: false }]);
    assert.deepEqual(
      trace.value.edits.map(({ deleted, inserted, cursor }) => [deleted, inserted, cursor]),
      [
        ['\ntwo', '!', 4],
        ['one', '()', 1],
      ],
    );
  });

  it('counts in UTF-16 units of the file as it is, line ends included', () => {
    const trace = parseTrace(
      lines(
        { ...HEADER, initial: 'é🌡\r\n' },
        { t: 0, offset: 1, deleted: 2, inserted: '' },
        { t: 1, offset: 1, deleted: 2, inserted: '' },
      ),
      'test',
    );
    assert.deepEqual(trace.ok && trace.value.edits.map(({ deleted }) => deleted), ['🌡', '\r\n']);
  });

  const other = { path: 'b.py', language: 'python', initial: '' };
  const malformed: readonly (readonly [text: string, error: string])[] = [
    ['', 'it has no edits'],
    [lines(HEADER), 'it has no edits'],
    [lines(EDIT), 'line 1 declares a file and has no text in the field "path"'],
    [lines({ ...HEADER, initial: 3 }), 'line 1 declares a file and has no text in the field "initial"'],
    [lines(HEADER, '', '{'), 'line 3 is not JSON'],
    [lines(HEADER, '[]'), 'line 2 is not a JSON object'],
    [lines(HEADER, other, HEADER), 'line 3 declares the file "a.py" a second time'],
    [lines(HEADER, { ...EDIT, t: '1' }), 'line 2 has no time of at least 0 ms in the field "t"'],
    [lines(HEADER, EDIT, { ...EDIT, t: 9 }), 'line 3 has the time 9 ms, earlier than the edit before it (10 ms)'],
    [lines(HEADER, { ...EDIT, path: 'b.py' }, other), 'line 2 names the file "b.py", which no line before it declares'],
    [lines(HEADER, { ...EDIT, offset: 1.5 }), 'line 2 has no whole number of at least 0 in the field "offset"'],
    [lines(HEADER, { ...EDIT, offset: -1 }), 'line 2 has no whole number of at least 0 in the field "offset"'],
    [lines(HEADER, { ...EDIT, offset: 9 }), 'line 2 has the offset 9, past the end of a.py (8 UTF-16 units then)'],
    [
      lines(HEADER, EDIT, { ...EDIT, offset: 10 }),
      'line 3 has the offset 10, past the end of a.py (9 UTF-16 units then)',
    ],
    [
      lines(HEADER, { ...EDIT, deleted: 6 }),
      'line 2 deletes 6 units from offset 3, past the end of a.py (8 UTF-16 units then)',
    ],
    [lines(HEADER, { ...EDIT, deleted: 'two' }), 'line 2 deletes a text that does not stand at offset 3 of a.py'],
    [lines(HEADER, { ...EDIT, deleted: null }), 'line 2 has a "deleted" that is neither a number of units nor text'],
    [lines(HEADER, { ...EDIT, inserted: 1 }), 'line 2 has an "inserted" that is not text'],
    [lines(HEADER, { ...EDIT, cursor: 10 }), 'line 2 has a "cursor" that is no offset of a.py after the edit'],
  ];
  for (const [text, error] of malformed) {
    it(`is refused with a clause: ${error}`, () => {
      assert.equal(errorOf(text), error);
    });
  }
});

describe('the traces in test/fixtures', () => {
  const folder = path.join(__dirname, '../../fixtures/traces');
  const traces = new Map<string, Trace>();

  before(async () => {
    for (const name of readdirSync(folder)) {
      traces.set(path.basename(name, '.jsonl'), await readTrace(path.join(folder, name)));
    }
  });

  function trace(name: string): Trace {
    return traces.get(name)!;
  }

  function finalText(name: string): string {
    const { files, edits } = trace(name);
    const { path: first, initial } = files[0]!;
    return edits.filter((edit) => edit.path === first).reduce(applyEdit, initial);
  }

  function medianGapMs(name: string): number {
    const { edits } = trace(name);
    const gaps = edits.slice(1).map(({ atMs }, index) => atMs - edits[index]!.atMs);
    return gaps.sort((left, right) => left - right)[Math.floor(gaps.length / 2)]!;
  }

  it('are at least twelve, each of some length', () => {
    assert.ok(traces.size >= 12);
    for (const [name, { edits }] of traces) {
      assert.ok(edits.length >= 60 && edits.length <= 500, `${name}: ${edits.length}`);
    }
  });

  it('that type a part of a sample file again end with that file', () => {
    const retyped = [
      'python-function',
      'typescript-fast',
      'java-slow',
      'csharp-crlf',
      'javascript-tabs',
      'cpp-typos',
      'rust-undo',
    ];
    for (const name of retyped) {
      const sample = readFileSync(path.join(folder, '../code', trace(name).files[0]!.path), 'utf8');
      assert.equal(finalText(name), sample, name);
    }
  });

  it('have a fast typist and a slow one', () => {
    const [fast, slow] = [medianGapMs('typescript-fast'), medianGapMs('java-slow')];
    assert.ok(fast > 60 && fast < 100, String(fast));
    assert.ok(slow > 400, String(slow));
  });

  const kinds: readonly (readonly [what: string, name: string, has: (trace: Trace) => boolean])[] = [
    ['line ends CRLF', 'csharp-crlf', ({ edits }) => edits.some(({ inserted }) => inserted.includes('\r\n'))],
    ['tabs', 'javascript-tabs', ({ edits }) => edits.some(({ inserted }) => inserted.includes('\n\t\t'))],
    [
      'letters beyond Latin',
      'python-non-latin',
      ({ edits }) => edits.some(({ inserted }) => /[\u0400-\u04ff\u3040-\u30ff]/.test(inserted)),
    ],
    ['a paste', 'javascript-paste', ({ edits }) => edits.some(({ inserted }) => inserted.length > 50)],
    [
      'an undo',
      'rust-undo',
      ({ edits }) => edits.some(({ deleted, inserted }) => deleted.length > 20 && inserted === ''),
    ],
    ['two files', 'go-two-files', ({ edits }) => new Set(edits.map((edit) => edit.path)).size === 2],
    ['a way back to the first file', 'go-two-files', ({ files, edits }) => edits.at(-1)!.path === files[0]!.path],
    [
      'brackets closed by the editor',
      'typescript-auto-close',
      ({ edits }) => edits.some(({ offset, inserted, cursor }) => inserted === '()' && cursor === offset + 1),
    ],
    ['an empty file', 'python-from-nothing', ({ files }) => files[0]!.initial === ''],
    [
      'backspaces',
      'cpp-typos',
      ({ edits }) => edits.some(({ deleted, inserted }) => deleted.length === 1 && inserted === ''),
    ],
    [
      'edits in several places',
      'typescript-middle',
      ({ edits }) => edits.filter(({ offset }, index) => offset !== edits[index - 1]?.cursor).length > 5,
    ],
  ];
  for (const [what, name, has] of kinds) {
    it(`have ${what}`, () => {
      assert.ok(has(trace(name)));
    });
  }
});
