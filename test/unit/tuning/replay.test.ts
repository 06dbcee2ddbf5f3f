import assert from 'node:assert/strict';
import type { DraftMethod } from '../../../src/engine/draft/drafter.ts';
import type { CompletionParameters, CompletionResult, GeneratedText } from '../../../src/inference/protocol.ts';
import { compareVariants } from '../../../src/tuning/replay/compareVariants.ts';
import { PoliteEngine } from '../../../src/tuning/replay/politeEngine.ts';
import { recommendMethod } from '../../../src/tuning/replay/recommendMethod.ts';
import { sampleRequests } from '../../../src/tuning/replay/sampleRequests.ts';
import { variantFigures } from '../../../src/tuning/replay/variantFigures.ts';
import { completionParameters, generatedText, SETTINGS_NOW, step } from './tuningCases.ts';

const OFF = { ...SETTINGS_NOW, draftMethod: 'off' } as const;
const LOOKUP = { ...SETTINGS_NOW, draftMethod: 'lookup' } as const;
const EXPERIMENT = { id: 'test', startsFrom: 'fresh' } as const;

describe('compareVariants', () => {
  async function run(answer: (parameters: CompletionParameters) => CompletionResult, prompts = ['one', 'two']) {
    const asked: CompletionParameters[] = [];
    const progress: number[] = [];
    const requests = prompts.map((prefix) => completionParameters({ prompt: { prefix, suffix: '', tail: '' } }));
    const end = await compareVariants(
      { requests, variants: [OFF, LOOKUP], repeats: 2, experiment: EXPERIMENT },
      async (parameters) => {
        asked.push(parameters);
        return answer(parameters);
      },
      (share) => progress.push(share),
    );
    return { end, asked, progress };
  }

  it('reads each prompt once, then runs the variants in turn, another one first each round', async () => {
    const { asked, progress } = await run(() => ({ kind: 'generated', generated: generatedText() }));
    assert.deepEqual(
      asked.map(({ prompt, maxTokens, draftMethod }) => `${prompt.prefix} ${maxTokens} ${draftMethod}`),
      [
        ...['one 1 off', 'one 64 off', 'one 64 lookup', 'one 64 lookup', 'one 64 off'],
        ...['two 1 off', 'two 64 lookup', 'two 64 off', 'two 64 off', 'two 64 lookup'],
      ],
    );
    assert.deepEqual(progress.at(-1), 1);
    assert.ok(progress.every((share, index) => index === 0 || share > progress[index - 1]!));
  });

  it('uses a document of its own, teaches the engine nothing and leaves no text to draft from', async () => {
    const { asked } = await run(() => ({ kind: 'generated', generated: generatedText() }));
    assert.deepEqual([...new Set(asked.map(({ documentId }) => documentId))], ['foretoken:experiment']);
    assert.ok(
      asked.every(({ remember, experiment, maxTokens }) => !remember && (maxTokens === 1 || experiment === EXPERIMENT)),
    );
  });

  it('lets no deadline decide what is written', async () => {
    const { asked } = await run(() => ({ kind: 'generated', generated: generatedText() }));
    assert.ok(asked.every(({ deadlineMs, isIdle }) => deadlineMs === 0 && isIdle === false));
  });

  it('leaves out a request that does not fit, and keeps the runs of the others by variant', async () => {
    const { end } = await run(({ prompt, draftMethod }) =>
      prompt.prefix === 'one'
        ? { kind: 'prompt-too-long', message: '' }
        : { kind: 'generated', generated: generatedText({ text: draftMethod }) },
    );
    assert.ok(end.kind === 'compared');
    assert.deepEqual(
      end.requests.map(({ index, runs }) => [index, runs.map((own) => own.map(({ text }) => text))]),
      [
        [
          1,
          [
            ['off', 'off'],
            ['lookup', 'lookup'],
          ],
        ],
      ],
    );
  });

  const ends: readonly (readonly [CompletionResult, object])[] = [
    [{ kind: 'cancelled', stage: 'decode' }, { kind: 'cancelled' }],
    [{ kind: 'superseded', stage: 'queued' }, { kind: 'cancelled' }],
    [{ kind: 'not-loaded' }, { kind: 'failed', message: 'no model is loaded' }],
    [
      { kind: 'failed', message: 'it broke' },
      { kind: 'failed', message: 'it broke' },
    ],
  ];
  for (const [result, expected] of ends) {
    it(`ends at once when the engine answers ${result.kind}`, async () => {
      const { end, asked } = await run(() => result);
      assert.deepEqual([end, asked.length], [expected, 1]);
    });
  }
});

/** A run that took this long after the prompt was read. */
function runOf(decodeMs: number, perStep: GeneratedText['perStep'], text = 'same'): GeneratedText {
  return generatedText({ text, perStep, ms: { queued: 9, prefill: 50, draft: 0, verify: 0, total: 50 + decodeMs } });
}

describe('variantFigures', () => {
  const compared = [
    {
      index: 0,
      // The middle one of the three runs counts.
      runs: [
        [runOf(40, [step(0, 0), step(0, 0)]), runOf(20, [step(0, 0), step(0, 0)]), runOf(900, [step(0, 0)])],
        [runOf(10, [step(1, 1)]), runOf(11, [step(1, 1)]), runOf(5, [step(1, 1)])],
      ],
    },
    { index: 3, runs: [[runOf(30, [step(0, 0)])], [runOf(60, [step(2, 0)], 'other')]] },
  ];
  const [off, lookup] = variantFigures(compared, [OFF, LOOKUP]);

  it('takes speed from the median run of each request, per token and as a geometric mean', () => {
    assert.equal(off?.speedup, 1);
    // 20 ms a token over 5, then 30 over 60.
    assert.ok(Math.abs(lookup!.speedup! - Math.sqrt(4 * 0.5)) < 1e-9);
    assert.deepEqual([lookup?.fasterIn, lookup?.ratios, lookup?.medianMs], [1, 2, 10]);
    assert.ok(Math.abs(lookup!.tokensPerSecond! - 3000 / 70) < 1e-9);
  });

  it('counts tokens per forward, tested and accepted tokens, and changed texts with their requests', () => {
    assert.deepEqual([off?.tokensPerForward, lookup?.tokensPerForward], [1, 1.5]);
    assert.deepEqual([lookup?.tested, lookup?.accepted], [2, 1]);
    assert.deepEqual([off?.changed, lookup?.changed], [[], [{ index: 3, before: 'same', after: 'other' }]]);
  });

  it('has no ratio for texts that came with the prompt', () => {
    const [only] = variantFigures([{ index: 0, runs: [[runOf(0, [])]] }], [OFF]);
    assert.deepEqual([only?.speedup, only?.tokensPerForward, only?.ratios], [undefined, undefined, 0]);
  });
});

describe('recommendMethod', () => {
  const cases: readonly (readonly [
    name: string,
    speedups: Partial<Record<DraftMethod, number>>,
    ratios: number,
    expected: string,
  ])[] = [
    ['takes the fastest', { off: 1, lookup: 1.2, mtp: 1.6, auto: 1.4 }, 9, 'mtp fastest'],
    ['prefers auto within noise of the fastest', { off: 1, mtp: 1.6, auto: 1.55 }, 9, 'auto as-fast-as-the-fastest'],
    ['says when auto is the fastest itself', { off: 1, lookup: 1.2, auto: 1.3 }, 9, 'auto fastest'],
    ['takes off where nothing is faster beyond noise', { off: 1, lookup: 1.03, auto: 1.04 }, 9, 'off nothing-pays'],
    ['does not conclude from too little', { off: 1, lookup: 3, auto: 2 }, 2, 'auto too-little'],
  ];
  for (const [name, speedups, ratios, expected] of cases) {
    it(name, () => {
      const figures = Object.entries(speedups).map(([method, speedup]) => ({
        ...variantFigures([], [{ ...SETTINGS_NOW, draftMethod: method as DraftMethod }])[0]!,
        ...{ speedup, ratios },
      }));
      const recommended = recommendMethod(figures);
      assert.equal(`${recommended?.method} ${recommended?.reason}`, expected);
    });
  }

  it('has nothing to say without a measurement', () => {
    assert.equal(recommendMethod(variantFigures([], [OFF, LOOKUP])), undefined);
  });
});

describe('sampleRequests', () => {
  it('asks at the cursor of each sample, without its mark', () => {
    const requests = sampleRequests({ ...SETTINGS_NOW, maxTokens: 32 });
    assert.ok(requests.length >= 5);
    for (const { prompt, maxTokens } of requests) {
      assert.doesNotMatch(prompt.prefix + prompt.suffix + prompt.tail, /▮/);
      assert.ok((prompt.prefix + prompt.tail).length > 100);
      assert.equal(maxTokens, 32);
    }
    assert.ok(requests.some(({ singleLine }) => singleLine) && requests.some(({ singleLine }) => !singleLine));
  });
});

/** A completion that ends when a test says so. */
class FakeRun {
  readonly answer: Promise<CompletionResult>;
  isCancelled = false;
  private settle: ((result: CompletionResult) => void) | undefined;

  constructor() {
    this.answer = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  finish(result: CompletionResult): void {
    this.settle?.(result);
  }

  cancel(): void {
    this.isCancelled = true;
    this.finish({ kind: 'cancelled', stage: 'decode' });
  }
}

describe('PoliteEngine', () => {
  function create() {
    const timers: (() => void)[] = [];
    const runs: FakeRun[] = [];
    const engine = new PoliteEngine({
      after: (_, action) => {
        timers.push(action);
        return () => timers.splice(timers.indexOf(action), 1);
      },
      start: () => {
        const run = new FakeRun();
        runs.push(run);
        return run;
      },
    });
    const becomeQuiet = async (): Promise<void> => {
      timers.shift()?.();
      await settle();
    };
    return { engine, runs, timers, becomeQuiet };
  }
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const whole: CompletionResult = { kind: 'generated', generated: generatedText() };

  it('does a run again from its start that the user’s typing cut short', async () => {
    const { engine, runs, timers, becomeQuiet } = create();
    const answer = engine.complete(completionParameters());
    engine.interrupt();
    engine.interrupt();
    await settle();
    assert.deepEqual([runs.length, runs[0]?.isCancelled, timers.length], [1, true, 1]);
    await becomeQuiet();
    assert.equal(runs.length, 2);
    runs[1]?.finish(whole);
    assert.equal(await answer, whole);
  });

  it('begins nothing while the user types', async () => {
    const { engine, runs, becomeQuiet } = create();
    engine.interrupt();
    const answer = engine.complete(completionParameters());
    await settle();
    assert.equal(runs.length, 0);
    await becomeQuiet();
    runs[0]?.finish(whole);
    assert.equal(await answer, whole);
  });

  it('passes on an answer that was there before the interruption was', async () => {
    const { engine, runs } = create();
    const answer = engine.complete(completionParameters());
    runs[0]?.finish({ kind: 'failed', message: 'it broke' });
    assert.equal((await answer).kind, 'failed');
  });

  it('answers as cancelled once it is stopped, whether it ran or waited', async () => {
    for (const isWaiting of [false, true]) {
      const { engine, runs } = create();
      if (isWaiting) {
        engine.interrupt();
      }
      const answer = engine.complete(completionParameters());
      engine.stop();
      assert.equal((await answer).kind, 'cancelled');
      assert.equal((await engine.complete(completionParameters())).kind, 'cancelled');
      assert.equal(runs.length, isWaiting ? 0 : 1);
    }
  });
});
