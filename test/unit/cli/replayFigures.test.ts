import { strict as assert } from 'node:assert';
import { replayFigures } from '../../../src/cli/replayFigures.ts';
import type { KeystrokeAnswer, PlayedKeystroke, PlayedTrace } from '../../../src/cli/replayPlayer.ts';
import { countSavedCharacters } from '../../../src/cli/replaySavings.ts';
import { replayTable } from '../../../src/cli/replayTable.ts';
import type { TraceEdit } from '../../../src/cli/replayTrace.ts';
import { generatedText } from './replayFakes.ts';

function suggested(text: string, latencyMs: number = 100): KeystrokeAnswer {
  return { kind: 'generated', suggestion: { kind: 'suggestion', text, replaceChars: 0 }, latencyMs };
}

function typedAlong(text: string, isPrepared: boolean = false): KeystrokeAnswer {
  return { kind: 'typed-along', suggestion: { kind: 'suggestion', text, replaceChars: 0 }, isPrepared };
}

const NOTHING: KeystrokeAnswer = { kind: 'nothing', reason: 'empty' };

/** Each text typed where the one before ended, with what was shown after it. */
function typed(...strokes: readonly (readonly [text: string, answer?: KeystrokeAnswer, edit?: Partial<TraceEdit>])[]) {
  let cursor = 0;
  return strokes.map(([inserted, answer = NOTHING, changes = {}]): PlayedKeystroke => {
    const start = changes.offset ?? cursor;
    const edit = {
      atMs: 0,
      path: 'a',
      offset: start,
      deleted: '',
      inserted,
      cursor: start + inserted.length,
      ...changes,
    };
    cursor = edit.cursor;
    return { edit, answer, pipelineMs: 0.5 };
  });
}

describe('characters saved', () => {
  const cases: readonly (readonly [name: string, keystrokes: readonly PlayedKeystroke[], saved: number])[] = [
    ['none without suggestions', typed(['a'], ['b']), 0],
    ['those of a suggestion that is typed', typed(['a', suggested('bcd')], ['b'], ['c'], ['d'], ['e']), 3],
    ['those up to the first that differs', typed(['a', suggested('bxd')], ['b'], ['c'], ['d']), 1],
    ['a part of a paste', typed(['a', suggested('bcx')], ['bcd'], ['x']), 2],
    ['each once', typed(['a', suggested('bcd')], ['b', typedAlong('cd')], ['c', suggested('dx')], ['d']), 3],
    ['the longest of several', typed(['a', suggested('bx')], ['b', suggested('cd')], ['c'], ['d']), 3],
    ['none that are typed elsewhere', typed(['a', suggested('b')], ['b', NOTHING, { offset: 9 }]), 0],
    ['none that are typed in another file', typed(['a', suggested('b')], ['b', NOTHING, { path: 'b' }]), 0],
    ['none after a deletion', typed(['a', suggested('bc')], ['', NOTHING, { deleted: 'x' }], ['b'], ['c']), 0],
    ['those typed over a closing bracket', typed(['(', suggested('b)')], ['b'], [')', NOTHING, { deleted: ')' }]), 2],
    ['only those that stand before the cursor', typed(['a', suggested('()')], ['()', NOTHING, { cursor: 2 }]), 1],
    ['a line end as one', typed(['a', suggested('b\r\nc')], ['b'], ['\r\n'], ['c']), 3],
  ];
  for (const [name, keystrokes, saved] of cases) {
    it(`are ${name}`, () => {
      assert.equal(countSavedCharacters(keystrokes), saved);
    });
  }
});

describe('the figures of a replay', () => {
  const keystrokes: readonly PlayedKeystroke[] = typed(
    ['a', suggested('bc', 100)],
    ['b', typedAlong('c', true)],
    ['x', { kind: 'overtaken' }],
    ['y', { kind: 'overtaken' }],
    ['z', NOTHING],
    ['\n', suggested('d', 300)],
    ['e', { kind: 'nothing', reason: 'statement-ended' }],
  ).map((keystroke, index) => {
    const request = [
      { isOvertaken: false, generated: generatedText({ freshTokens: 10, promptTokens: 100 }) },
      undefined,
      undefined,
      { isOvertaken: true },
      { isOvertaken: false, generated: generatedText({ freshTokens: 50, promptTokens: 100 }) },
      { isOvertaken: false, generated: generatedText({ freshTokens: 2, promptTokens: 5 }) },
      undefined,
    ][index];
    return request === undefined ? keystroke : { ...keystroke, request };
  });
  const trace = { name: 't', files: [], edits: [] };
  const played: PlayedTrace = {
    trace,
    keystrokes,
    idleTasks: [
      { kind: 'warm', generated: generatedText({ freshTokens: 90 }) },
      { kind: 'warm' },
      { kind: 'rest', generated: generatedText({ freshTokens: 1 }) },
      { kind: 'next', generated: generatedText({ freshTokens: 4 }) },
    ],
  };

  it('count what came of each keystroke', () => {
    assert.deepEqual(replayFigures([played]), {
      keystrokes: 7,
      served: 3,
      servedShare: 3 / 7,
      latencyMs: { p50: 200, p95: 290 },
      pipelineMs: { p50: 0.5, p95: 0.5 },
      freshTokens: { p50: 10, p95: 46 },
      fewFreshShare: 3 / 4,
      cacheHits: 2,
      typeThroughHits: 1,
      preparedHits: 1,
      requests: 4,
      wasted: 1,
      charactersSaved: 1,
      charactersInserted: 7,
      notSent: 1,
      withoutSuggestion: { empty: 1, 'statement-ended': 1 },
      idleRests: { count: 1, interrupted: 0, freshTokens: 1, ms: 3 },
      idlePrefills: { count: 2, interrupted: 1, freshTokens: 90, ms: 3 },
      idlePreparations: { count: 1, interrupted: 0, freshTokens: 4, ms: 3 },
    });
  });

  it('of several traces are those of all their keystrokes', () => {
    const { keystrokes: count, served, charactersSaved, latencyMs } = replayFigures([played, played]);
    assert.deepEqual([count, served, charactersSaved, latencyMs.p50], [14, 6, 2, 200]);
  });

  it('are null where nothing was measured', () => {
    const { latencyMs, freshTokens } = replayFigures([{ trace, keystrokes: typed(['a']), idleTasks: [] }]);
    assert.deepEqual(
      [latencyMs, freshTokens],
      [
        { p50: null, p95: null },
        { p50: null, p95: null },
      ],
    );
  });

  it('are one line per trace and one for all, with shares', () => {
    const figures = replayFigures([played]);
    const table = replayTable(
      [
        { trace: 'one', ...figures },
        { trace: 'two', ...figures },
      ],
      replayFigures([played, played]),
    );
    assert.deepEqual(
      table.map((line) => line.split(/ {2,}/)),
      [
        [
          'trace',
          'keystrokes',
          'served',
          'typed along',
          'p50',
          'p95',
          'requests',
          'wasted',
          'cache hits',
          'fresh tokens',
          'saved',
        ],
        ['one', '7', '42.9 %', '14.3 %', '200 ms', '290 ms', '4', '25.0 %', '66.7 %', '10', '14.3 %'],
        ['two', '7', '42.9 %', '14.3 %', '200 ms', '290 ms', '4', '25.0 %', '66.7 %', '10', '14.3 %'],
        ['all', '14', '42.9 %', '14.3 %', '200 ms', '300 ms', '8', '25.0 %', '66.7 %', '10', '14.3 %'],
      ],
    );
  });
});
