import { strict as assert } from 'node:assert';
import type { MeasuredPosition } from '../../../src/cli/benchFigures.ts';
import { benchFigures } from '../../../src/cli/benchFigures.ts';
import type { GeneratedText } from '../../../src/inference/protocol.ts';

type Step = GeneratedText['perStep'][number];

const plainStep: Step = { drafted: 0, accepted: 0, method: 'off', nodes: [] };

function lookupStep(drafted: number, accepted: number): Step {
  return { drafted, accepted, method: 'lookup', nodes: chain(drafted, accepted) };
}

/** A chain whose chances fall from .9 by .4 a token, from `lookup` and, from the second token on, another source. */
function chain(drafted: number, accepted: number, later: 'lookup' | 'mtp' = 'lookup'): Step['nodes'] {
  return Array.from({ length: drafted }, (_, index) => ({
    token: index,
    parent: index - 1,
    source: index === 0 ? 'lookup' : later,
    bucket: 0,
    chance: 0.9 - 0.4 * index,
    isAccepted: index < accepted,
  }));
}

/** A run of 10 ms prefill and the given decode time, half of it verifying and a tenth drafting. */
function run(decodeMs: number, steps: readonly Step[], text = 'same', stopReason = 'end-of-line'): GeneratedText {
  const written = steps.reduce((tokens, { accepted }) => tokens + accepted + 1, 0);
  return {
    text,
    stopReason,
    tokens: 1 + written - (stopReason === 'stop-token' ? 1 : 0),
    promptTokens: 100,
    freshTokens: 1,
    forwards: 1 + steps.length,
    meanLogProbability: -0.5,
    ms: { queued: 0, prefill: 10, draft: decodeMs / 10, verify: decodeMs / 2, total: 10 + decodeMs },
    perStep: steps,
  };
}

const plainSteps = (count: number): readonly Step[] => Array.from({ length: count }, () => plainStep);

function measured(
  id: string,
  runs: MeasuredPosition['runs'],
  [language, kind] = ['go', 'line'],
  coldPrefillMs = 100,
): MeasuredPosition {
  return { position: { id, language, kind }, coldPrefillMs, runs };
}

describe('figures of a benchmark', () => {
  const twice = measured('twice', {
    off: [run(100, plainSteps(10))],
    lookup: [run(50, [lookupStep(4, 4), ...plainSteps(5)])],
  });
  const half = measured(
    'half',
    { off: [run(100, plainSteps(10))], lookup: [run(200, [lookupStep(4, 0), ...plainSteps(9)])] },
    ['python', 'block'],
  );
  const eightfold = measured('eightfold', { off: [run(160, plainSteps(16))], lookup: [run(20, [lookupStep(15, 15)])] });

  it('compare the decode times of each position, in the median and the geometric mean', () => {
    const { speedup, speedupWhole } = benchFigures([twice, half, eightfold], 'lookup');
    assert.equal(speedup.median, 2);
    assert.ok(Math.abs(speedup.geomean! - 2) < 1e-9, String(speedup.geomean));
    // With 100 ms of cold prefill: 200 / 150, 200 / 300 and 260 / 120.
    assert.equal(speedupWhole.median, 200 / 150);
  });

  it('give plain decoding one token per forward and no gain over itself, whatever ended the text', () => {
    const rows = [
      measured('rule', { off: [run(100, plainSteps(10))] }),
      measured('stop token', { off: [run(30, plainSteps(3), 'same', 'stop-token')] }),
    ];
    const { tokensPerForward, tokensPerSecond, speedup, identical } = benchFigures(rows, 'off');
    assert.deepEqual(
      { tokensPerForward, tokensPerSecond, speedup, identical },
      { tokensPerForward: 1, tokensPerSecond: 100, speedup: { median: 1, geomean: 1 }, identical: 1 },
    );
  });

  it('take the run with the median decode time for all figures but the text', () => {
    const fast = run(20, [lookupStep(9, 9)]);
    const middle = run(50, [lookupStep(4, 4), ...plainSteps(5)]);
    const slow = run(400, plainSteps(10), 'other');
    const off = [run(100, plainSteps(10)), run(5, plainSteps(10)), run(900, plainSteps(10))];
    const figures = benchFigures([measured('a', { off, lookup: [slow, fast, middle] })], 'lookup');
    const { speedup, latencyMs, accepted, identical, differing, tokensPerForwardByRound } = figures;
    assert.deepEqual(
      { speedup: speedup.median, latencyMs, accepted, identical, differing, tokensPerForwardByRound },
      {
        speedup: 2,
        latencyMs: { p50: 60, p95: 60 },
        accepted: 4,
        identical: 0,
        differing: [{ id: 'a', off: 'same', text: 'other' }],
        tokensPerForwardByRound: [1, 10, 10 / 6],
      },
    );
  });

  it('compare per token where typical acceptance wrote another length', () => {
    const row = measured('a', { off: [run(100, plainSteps(10))], medusa: [run(100, plainSteps(20), 'longer')] });
    const { speedup, speedupWhole } = benchFigures([row], 'medusa');
    assert.deepEqual([speedup.median, speedupWhole.median], [2, 200 / 150]);
  });

  it('count positions without a decode step for the text and the latency, not for the ratio', () => {
    const none = measured('none', { off: [run(1, [])], lookup: [run(3, [])] });
    const ended = measured('ended', {
      off: [{ ...run(1, [], '', 'stop-token'), tokens: 0 }],
      lookup: [{ ...run(1, [], '', 'stop-token'), tokens: 0 }],
    });
    const figures = benchFigures([none, ended, twice], 'lookup');
    const { rows, withoutDecoding, speedup, identical, latencyMs, tokensPerForward } = figures;
    assert.deepEqual(
      { rows, withoutDecoding, speedup: speedup.median, identical, p50: latencyMs.p50, tokensPerForward },
      { rows: 3, withoutDecoding: 2, speedup: 2, identical: 1, p50: 13, tokensPerForward: 10 / 6 },
    );
    const { speedup: nothing, tokensPerSecond } = benchFigures([none, ended], 'lookup');
    assert.deepEqual({ nothing, tokensPerSecond }, { nothing: { median: null, geomean: null }, tokensPerSecond: null });
  });

  it('split the time of the runs into shares that make a whole', () => {
    // Together 30 ms prefill and 270 ms decoding, of which 27 drafting and 135 verifying.
    const { share } = benchFigures([twice, half, eightfold], 'lookup');
    const rounded = Object.fromEntries(Object.entries(share).map(([part, rate]) => [part, rate!.toFixed(3)]));
    assert.deepEqual(rounded, { prefill: '0.100', draft: '0.090', verify: '0.450', other: '0.360' });
  });

  it('count what was accepted by place in the draft and by source', () => {
    const steps: readonly Step[] = [
      lookupStep(2, 2),
      lookupStep(2, 1),
      { drafted: 3, accepted: 2, method: 'auto', nodes: chain(3, 2, 'mtp') },
      lookupStep(1, 0),
      plainStep,
    ];
    const row = measured('a', { off: [run(100, plainSteps(10))], auto: [run(50, steps)] });
    const { drafted, accepted, draftedByPosition, acceptedByPosition, acceptedBySource } = benchFigures([row], 'auto');
    assert.deepEqual(
      { drafted, accepted, draftedByPosition, acceptedByPosition, acceptedBySource },
      {
        drafted: 8,
        accepted: 5,
        draftedByPosition: [4, 3, 1],
        acceptedByPosition: [3 / 4, 2 / 3, 0],
        acceptedBySource: { lookup: 4, mtp: 1 },
      },
    );
  });

  it('set the chances that drafted tokens were given beside how often they stood', () => {
    const steps = [lookupStep(2, 2), lookupStep(2, 1), lookupStep(2, 0), lookupStep(1, 1)];
    const row = measured('a', { off: [run(100, plainSteps(10))], auto: [run(50, steps)] });
    const { calibration } = benchFigures([row], 'auto');
    // The second token of the third draft was never tested: what it follows did not stand.
    assert.deepEqual(
      calibration.map(({ source, upTo, tokens, expected, observed }) => [
        source,
        upTo,
        tokens,
        expected.toFixed(2),
        observed,
      ]),
      [
        ['lookup', 0.6, 2, '0.50', 0.5],
        ['lookup', 1, 4, '0.90', 0.75],
      ],
    );
  });

  it('are given per language and kind in alphabetical order', () => {
    const { byLanguage, byKind } = benchFigures([half, twice, eightfold], 'lookup');
    const summary = (groups: typeof byKind) =>
      Object.entries(groups).map(([name, { rows, speedup, identical }]) => [name, rows, speedup.median, identical]);
    assert.deepEqual(summary(byLanguage), [
      ['go', 2, 5, 1],
      ['python', 1, 0.5, 1],
    ]);
    assert.deepEqual(summary(byKind), [
      ['block', 1, 0.5, 1],
      ['line', 2, 5, 1],
    ]);
  });
});
