import { strict as assert } from 'node:assert';
import type { PlayedTrace } from '../../../src/cli/replayPlayer.ts';
import { playTrace } from '../../../src/cli/replayPlayer.ts';
import type { Trace } from '../../../src/cli/replayTrace.ts';
import { parseTrace } from '../../../src/cli/replayTrace.ts';
import type { Feature } from '../../../src/pipeline/session/features.ts';
import type { FakeAnswer } from './replayFakes.ts';
import { FakeEngine, FakeTime, replayParts } from './replayFakes.ts';

const DELAY_MS = 50;
const HEADER = { path: 'a.py', language: 'python', initial: 'def add(first, second):\n    \n' };
const AT = HEADER.initial.length - 1;

function traceOf(...rows: readonly object[]): Trace {
  const trace = parseTrace(rows.map((row) => JSON.stringify(row)).join('\n'), 'test.jsonl');
  assert.ok(trace.ok, trace.ok ? '' : trace.error);
  return trace.value;
}

/** One edit per character, at these times, from the empty line of `HEADER` on. */
function typing(text: string, ...timesMs: readonly number[]): Trace {
  return traceOf(HEADER, ...timesMs.map((t, index) => ({ t, offset: AT + index, deleted: 0, inserted: text[index] })));
}

interface Playing {
  readonly played: PlayedTrace;
  readonly engine: FakeEngine;
  readonly realMs: number;
}

async function play(
  trace: Trace,
  answer: (index: number) => FakeAnswer,
  options: {
    readonly prefillMs?: number;
    readonly delayMs?: number;
    readonly idleText?: string;
    readonly with?: Feature;
  } = {},
): Promise<Playing> {
  const time = new FakeTime();
  const engine = new FakeEngine(time, (_, index) => answer(index), {
    afterMs: options.prefillMs ?? 0,
    text: options.idleText ?? '',
  });
  const without = new Set<Feature>(
    ['next', 'history', 'rhythm'].filter((feature) => feature !== options.with) as Feature[],
  );
  const parts = { ...replayParts(engine, time, options.delayMs ?? DELAY_MS), session: { without } };
  const played = await time.runUntil(playTrace(trace, parts));
  return { played, engine, realMs: time.now() };
}

function answersOf({ played }: Playing): readonly string[] {
  return played.keystrokes.map(({ answer, request }) => {
    const kind = answer.kind === 'generated' ? `${answer.latencyMs} ms` : answer.kind;
    return request?.isOvertaken ? `${kind}, wasted` : kind;
  });
}

describe('playing a trace', () => {
  const cases: readonly (readonly [
    name: string,
    timesMs: readonly number[],
    afterMs: number,
    expected: readonly string[],
  ])[] = [
    ['an engine in time serves each keystroke after delay and work', [0, 200], 100, ['150 ms', '150 ms']],
    ['an engine without work serves after the delay', [0, 200], 0, ['50 ms', '50 ms']],
    ['an answer later than the next keystroke is wasted', [0, 100], 60, ['overtaken, wasted', '110 ms']],
    ['an answer at the very time of the next keystroke is too late', [0, 100], 50, ['overtaken, wasted', '100 ms']],
    ['a keystroke followed within the delay is never sent', [0, 40], 10, ['overtaken', '60 ms']],
    ['the last keystroke has two seconds', [0], 1949, ['1999 ms']],
    ['the last keystroke has no more than two seconds', [0], 1951, ['overtaken, wasted']],
    ['keystrokes at the same time are one to the engine', [0, 0], 10, ['overtaken', '60 ms']],
  ];
  for (const [name, timesMs, afterMs, expected] of cases) {
    it(name, async () => {
      // What is suggested does not go on with what is typed.
      const playing = await play(typing('re', ...timesMs), () => ({ afterMs, text: 'pass' }));
      assert.deepEqual(answersOf(playing), expected);
    });
  }

  it('answers from what is shown while the typist types along, without a request', async () => {
    const playing = await play(typing('ret', 0, 200, 250), () => ({ afterMs: 10, text: 'eturn first' }));
    assert.deepEqual(answersOf(playing), ['60 ms', 'typed-along', 'typed-along']);
    assert.equal(playing.engine.requests.length, 1);
  });

  it('cancels a request when the next keystroke comes, in real time', async () => {
    const { engine } = await play(typing('re', 1000, 1300), () => ({ afterMs: 5000 }));
    const [first] = engine.requests;
    assert.equal(first!.cancelledAtMs! - first!.sentAtMs, 300 - DELAY_MS);
  });

  it('goes on at once while the engine is idle, and lets it work as long as the typist waits', async () => {
    const { realMs } = await play(typing('re', 0, 3_600_000), () => ({ afterMs: 10, text: 'pass' }));
    assert.equal(realMs, 20);
  });

  it('sends the next request while the engine still lets go of the last one', async () => {
    const playing = await play(typing('re', 0, 100), (index) =>
      index === 0 ? { afterMs: 1000, lingerMs: 80 } : { afterMs: 30, text: 'pass' },
    );
    const [first, second] = playing.engine.requests;
    assert.equal(second!.sentAtMs - first!.cancelledAtMs!, DELAY_MS);
    assert.deepEqual(answersOf(playing), ['overtaken, wasted', '80 ms']);
  });

  it('remembers a text that came although it was cancelled, as the editor does', async () => {
    const playing = await play(typing('ret', 0, 100, 150), () => ({
      afterMs: 60,
      text: 'eturn first',
      comesAnyway: true,
    }));
    assert.deepEqual(answersOf(playing), ['overtaken, wasted', 'overtaken', 'typed-along']);
  });

  it('gives the reason where the engine has nothing to show', async () => {
    const { played } = await play(typing('r', 0), () => ({ afterMs: 10, text: '' }));
    assert.deepEqual(played.keystrokes[0]!.answer, { kind: 'nothing', reason: 'empty' });
  });

  it('prefills the first file before the first keystroke, at no cost of the typist', async () => {
    const playing = await play(typing('r', 0), () => ({ afterMs: 10, text: 'eturn first' }), { prefillMs: 4000 });
    assert.deepEqual(answersOf(playing), ['60 ms']);
    assert.equal(playing.engine.requests[0]!.sentAtMs, 4000);
    assert.equal(playing.played.idleTasks.length, 1);
  });

  it('plays a file with CRLF in terms of its own offsets', async () => {
    const trace = traceOf(
      { path: 'a.cs', language: 'csharp', initial: 'class A\r\n{\r\n    \r\n}\r\n' },
      { t: 0, offset: 16, deleted: 0, inserted: 'i' },
    );
    const { played, engine } = await play(trace, () => ({ afterMs: 10, text: 'nt First()\n    {' }));
    const { prefix, tail, suffix } = engine.requests[0]!.parameters.prompt;
    assert.deepEqual([prefix + tail, suffix], ['class A\n{\n    i', '\n}\n']);
    const { answer } = played.keystrokes[0]!;
    assert.equal(answer.kind === 'generated' && answer.suggestion.text, 'nt First()\r\n    {');
  });

  it('knows the files that were open before', async () => {
    const trace = traceOf(
      HEADER,
      { path: 'b.py', language: 'python', initial: 'b = 2\n', open: true },
      { path: 'c.py', language: 'python', initial: 'c = 3\n', open: true },
      { path: 'd.py', language: 'python', initial: 'd = 4\n' },
      { t: 0, offset: AT, deleted: 0, inserted: 'x' },
    );
    const { engine } = await play(trace, () => ({ afterMs: 10, text: ' = 1' }));
    assert.deepEqual(engine.requests[0]!.parameters.draftTexts, ['c = 3\n', 'b = 2\n']);
  });

  describe('over two files', () => {
    const rows = [
      { ...HEADER, initial: 'x = 1\n' },
      { path: 'b.py', language: 'python', initial: 'y = 2\n' },
      { t: 0, offset: 6, deleted: 0, inserted: 'z' },
      { t: 1000, path: 'b.py', offset: 6, deleted: 0, inserted: 'w' },
      { t: 3000, offset: 7, deleted: 0, inserted: 'v' },
    ];

    it('moves the focus half-way, prefills there and ends that for the first request', async () => {
      const { played, engine } = await play(traceOf(...rows), () => ({ afterMs: 10, text: ' = 3' }), {
        prefillMs: 800,
      });
      // The first prefill is over before the trace starts; the request of the first edit takes 10 ms of real time.
      const second = engine.prefills[1];
      assert.equal(second!.sentAtMs, 810);
      assert.equal(second!.cancelledAtMs! - second!.sentAtMs, 500 + DELAY_MS);
      assert.deepEqual(
        played.idleTasks.map(({ generated }) => generated !== undefined),
        [true, false, true],
      );
    });

    it('prefills at the place where the cursor was left', async () => {
      const { engine } = await play(traceOf(...rows), () => ({ afterMs: 10, text: ' = 3' }));
      const { prefix, tail } = engine.prefills[2]!.parameters.prompt;
      assert.equal(prefix + tail, 'x = 1\nz');
    });

    it('prefills only when the engine has let go of the last request', async () => {
      const { engine } = await play(traceOf(...rows), () => ({ afterMs: 5000, lingerMs: 100 }));
      const [request] = engine.requests;
      assert.equal(engine.prefills[1]!.sentAtMs - request!.cancelledAtMs!, 100);
    });

    it('hands the engine the texts of the files that had the focus, as they are now', async () => {
      const { engine } = await play(traceOf(...rows), () => ({ afterMs: 10, text: ' = 3' }));
      assert.deepEqual(
        engine.requests.map(({ parameters }) => parameters.draftTexts),
        [[], ['x = 1\nz'], ['y = 2\nw']],
      );
    });
  });

  it('waits where the rhythm and the engine ask for it', async () => {
    const answer = (): FakeAnswer => ({ afterMs: 700, text: 'pass' });
    const playing = await play(typing('rest', 0, 600, 800, 1000), answer, { with: 'rhythm' });
    assert.deepEqual(answersOf(playing), [...Array(3).fill('overtaken, wasted'), `${700 + DELAY_MS} ms`]);
  });

  describe('in idle time', () => {
    it('prepares the place after the shown suggestion, as if that were accepted', async () => {
      const { engine } = await play(typing('r', 0), () => ({ afterMs: 10, text: 'eturn max(' }), { with: 'next' });
      const [, prepared] = engine.prefills;
      const { prefix, tail } = prepared!.parameters.prompt;
      assert.equal(prefix + tail, 'def add(first, second):\n    return max(');
      assert.deepEqual([prepared!.parameters.maxTokens, prepared!.sentAtMs], [64, 10]);
    });

    it('prepares the next line where the suggestion ends its statement', async () => {
      const { engine } = await play(typing('r', 0), () => ({ afterMs: 10, text: 'eturn first' }), { with: 'next' });
      const { prefix, tail } = engine.prefills[1]!.parameters.prompt;
      assert.equal(prefix + tail, 'def add(first, second):\n    return first\n    ');
    });

    it('shows what was prepared once the typist gets there, without a request', async () => {
      const times = [0, 200, 250, 300, 350];
      const { played, engine } = await play(typing('max(b', ...times), () => ({ afterMs: 10, text: 'ax(' }), {
        with: 'next',
        idleText: 'b)',
      });
      const shown = played.keystrokes.map(({ answer }) =>
        'suggestion' in answer ? answer.suggestion.text : answer.kind,
      );
      assert.deepEqual([shown, engine.requests.length], [['ax(', 'x(', '(', 'b)', ')'], 1]);
    });

    it('stops preparing for a request', async () => {
      const { engine } = await play(typing('rx', 0, 200), () => ({ afterMs: 10, text: 'eturn max(' }), {
        with: 'next',
        prefillMs: 1000,
      });
      const [, request] = engine.requests;
      assert.equal(engine.prefills[1]!.cancelledAtMs, request!.sentAtMs);
    });

    const elsewhere = { t: 4000, offset: 0, deleted: 0, inserted: '#' };
    for (const [name, atMs, offsets] of [
      ['reads where the cursor went once it rests there', 4000, [28, 0]],
      ['reads nothing where it is passing through', 500, [28]],
    ] as const) {
      it(name, async () => {
        const trace = traceOf(HEADER, { t: 0, offset: AT, deleted: 0, inserted: 'x' }, { ...elsewhere, t: atMs });
        const { engine } = await play(trace, () => ({ afterMs: 10, text: ' = 1' }));
        const places = engine.prefills.map(({ parameters: { prompt } }) => prompt.prefix.length + prompt.tail.length);
        assert.deepEqual(places, offsets);
      });
    }
  });

  it('ends with a sentence when the engine fails', async () => {
    await assert.rejects(
      play(typing('re', 0, 500), () => ({ afterMs: 10, failure: 'out of memory' })),
      {
        name: 'CommandFailure',
        message: 'the engine failed while test.jsonl was played: out of memory',
      },
    );
  });
});
