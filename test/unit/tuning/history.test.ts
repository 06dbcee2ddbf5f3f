import assert from 'node:assert/strict';
import { noSuggestion } from '../../../src/pipeline/postprocess/suggestion.ts';
import { liveStatistics } from '../../../src/tuning/liveStatistics.ts';
import { requestFigures } from '../../../src/tuning/requestFigures.ts';
import { RequestHistory } from '../../../src/tuning/requestHistory.ts';
import { completionParameters, generatedText, node, requestReport, step } from './tuningCases.ts';

describe('RequestHistory', () => {
  const answered = requestReport({ result: { kind: 'generated', generated: generatedText() } });

  it('keeps the last twenty requests whole, more of them as figures, and numbers them all', () => {
    const history = new RequestHistory();
    for (let request = 1; request <= 230; request++) {
      history.record(answered, completionParameters());
    }
    assert.deepEqual(
      [history.requests.length, history.requests[0]?.number, history.requests.at(-1)?.number],
      [20, 211, 230],
    );
    assert.deepEqual([history.figures.length, history.events.length], [200, 230]);
  });

  it('tells events apart by what came of them, and keeps no request that the engine did not answer', () => {
    const history = new RequestHistory();
    history.record(requestReport({ isContinued: true, ms: { waited: 0, total: 1 } }));
    history.record(
      requestReport({ outcome: noSuggestion('superseded'), result: { kind: 'superseded', stage: 'decode' } }),
      completionParameters(),
    );
    history.record(answered, completionParameters());
    assert.deepEqual(history.events, [
      { kind: 'continued', totalMs: 1 },
      { kind: 'nothing', reason: 'superseded', totalMs: 250 },
      { kind: 'suggestion', totalMs: 250 },
    ]);
    assert.deepEqual(
      history.requests.map(({ number, isShown }) => [number, isShown]),
      [[1, true]],
    );
  });

  it('has a suggestion whose beginning was shown once, as one request and one event', () => {
    const history = new RequestHistory();
    const beginning = generatedText({ text: 'sum(', stopReason: 'first-text', perStep: [step(1, 1)] });
    const whole = generatedText({ text: 'sum(items);', perStep: [step(1, 1), step(2, 2)] });
    history.record(answered, completionParameters());
    history.record(requestReport({ result: { kind: 'generated', generated: beginning } }), completionParameters());
    history.record(
      requestReport({
        isContinued: true,
        isPrepared: true,
        isGrown: true,
        result: { kind: 'generated', generated: whole },
      }),
      completionParameters(),
    );
    assert.deepEqual(
      history.requests.map(({ number, generated }) => [number, generated.text]),
      [
        [1, generatedText().text],
        [2, 'sum(items);'],
      ],
    );
    assert.deepEqual(history.figures.at(-1)?.steps.length, 2);
    assert.deepEqual([history.figures.length, history.events.length], [2, 2]);
  });

  it('keeps texts that did not change between two requests once', () => {
    const history = new RequestHistory();
    const text = (): string => ['some', 'other', 'file'].join(' ');
    history.record(answered, completionParameters({ draftTexts: [text()] }));
    history.record(answered, completionParameters({ draftTexts: ['new', text()] }));
    const [first, second] = history.requests;
    assert.deepEqual(second?.parameters.draftTexts, ['new', 'some other file']);
    assert.ok(Object.is(first?.parameters.draftTexts[0], second?.parameters.draftTexts[1]));
  });
});

describe('requestFigures', () => {
  const cases: readonly (readonly [name: string, steps: Parameters<typeof generatedText>[0], expected: object])[] = [
    [
      'counts the longest verified path of each step',
      { perStep: [step(3, 2), step(0, 0)] },
      {
        steps: [
          { draftedDepth: 3, accepted: 2 },
          { draftedDepth: 0, accepted: 0 },
        ],
        // The third token's parent stood, so it was tested, and fell.
        sources: { lookup: { tested: 3, accepted: 2 } },
      },
    ],
    [
      'leaves out tokens below a rejected one, and tells sources apart in a tree',
      {
        perStep: [
          {
            ...{ drafted: 4, accepted: 1, method: 'auto' as const },
            nodes: [node('mtp', -1, false), node('lookup', -1, true), node('mtp', 0, false), node('lookup', 1, false)],
          },
        ],
      },
      {
        steps: [{ draftedDepth: 2, accepted: 1 }],
        sources: { mtp: { tested: 1, accepted: 0 }, lookup: { tested: 2, accepted: 1 } },
      },
    ],
  ];
  for (const [name, overrides, expected] of cases) {
    it(name, () => {
      const { steps, sources } = requestFigures(generatedText(overrides));
      assert.deepEqual({ steps, sources }, expected);
    });
  }
});

describe('liveStatistics', () => {
  it('says nothing about nothing', () => {
    const live = liveStatistics([], []);
    assert.deepEqual(
      [live.tokensPerForward, live.tokensPerSecond, live.cachedShare, live.latency.p50Ms, live.positions],
      [undefined, undefined, undefined, undefined, []],
    );
    assert.deepEqual(live.timeShares, { prefill: 0, draft: 0, verify: 0, other: 0 });
  });

  it('takes tokens per forward, acceptance by position and time shares over all requests', () => {
    const figures = [
      requestFigures(generatedText()),
      requestFigures(
        generatedText({
          ...{ promptTokens: 300, freshTokens: 80, perStep: [step(1, 1), step(2, 0)] },
          ms: { queued: 5, prefill: 200, draft: 0, verify: 100, total: 300 },
        }),
      ),
    ];
    const live = liveStatistics(figures, []);
    // Four steps wrote 2 + 1, 1, 1 + 1 and 1 tokens.
    assert.equal(live.tokensPerForward, 7 / 4);
    assert.equal(live.tokensPerSecond, 7000 / 200);
    assert.deepEqual(live.positions, [
      { reached: 3, accepted: 2 },
      { reached: 2, accepted: 1 },
      { reached: 1, accepted: 0 },
    ]);
    assert.deepEqual(live.sources, [{ source: 'lookup', tested: 5, accepted: 3 }]);
    assert.equal(live.cachedShare, 0.75);
    assert.deepEqual(
      Object.entries(live.timeShares).map(([phase, share]) => [phase, Number(share.toFixed(6))]),
      [
        ['prefill', 0.6],
        ['draft', 0.02],
        ['verify', 0.36],
        ['other', 0.02],
      ],
    );
  });

  it('spreads new suggestions over the time they took, and counts all other outcomes', () => {
    const live = liveStatistics(
      [],
      [
        ...[60, 90, 100, 2500].map((totalMs) => ({ kind: 'suggestion', totalMs }) as const),
        { kind: 'continued', totalMs: 0.1 },
        { kind: 'nothing', reason: 'cancelled', totalMs: 3 },
        { kind: 'nothing', reason: 'superseded', totalMs: 3 },
        { kind: 'nothing', reason: 'superseded', totalMs: 3 },
      ],
    );
    assert.deepEqual([live.latency.p50Ms, live.latency.p95Ms, live.latency.suggestions], [90, 2500, 4]);
    assert.deepEqual(
      live.latency.bins.filter((bin) => bin.suggestions > 0),
      [
        { fromMs: 50, toMs: 100, suggestions: 2 },
        { fromMs: 100, toMs: 200, suggestions: 1 },
        { fromMs: 2000, suggestions: 1 },
      ],
    );
    assert.deepEqual([live.events, live.suggested, live.typedAlong], [8, 4, 1]);
    assert.deepEqual(live.reasons, [
      { reason: 'superseded', events: 2 },
      { reason: 'cancelled', events: 1 },
    ]);
  });
});
