import assert from 'node:assert/strict';
import type { GeneratedText } from '../../../src/inference/protocol.ts';
import { joinGenerated } from '../../../src/pipeline/session/joinGenerated.ts';
import { generatedText, step } from '../tuning/tuningCases.ts';

type Steps = NonNullable<GeneratedText['trace']>['steps'];

/** A step of a trace that wrote this text; one that took it over has no forward. */
function traced(text: string, forwardMs: number): Steps[number] {
  const tokens = [{ text, origin: 'model', probability: 0.5 }] as const;
  return { nodes: [], tokens, isEnd: false, draftMs: 0, forwardMs };
}

describe('joinGenerated', () => {
  const beginning = generatedText({
    text: 'sum(',
    freshTokens: 9,
    forwards: 2,
    perStep: [step(1, 1)],
    ms: { queued: 1, prefill: 50, draft: 2, verify: 40, total: 95 },
    trace: { steps: [traced('su', 50), traced('m(it', 40)], typedChars: 0 },
  });
  const rest = {
    text: 'sum(items);',
    freshTokens: 0,
    forwards: 1,
    perStep: [step(2, 2)],
    ms: { queued: 0, prefill: 0, draft: 1, verify: 60, total: 62 },
  };
  const written = (joined: GeneratedText): string =>
    (joined.trace?.steps ?? []).flatMap(({ tokens }) => tokens.map(({ text }) => text)).join('');

  it('adds up what both requests took, and has every token of the text once', () => {
    const steps = [traced('sum(it', 0), traced('ems);', 60)];
    const joined = joinGenerated(beginning, generatedText({ ...rest, trace: { steps, typedChars: 0 } }));
    assert.deepEqual([joined.text, joined.freshTokens, joined.forwards], ['sum(items);', 9, 3]);
    assert.deepEqual(joined.ms, { queued: 1, prefill: 50, draft: 3, verify: 100, total: 157 });
    assert.equal(joined.perStep.length, 2);
    assert.equal(written(joined), 'sum(items);');
  });

  it('tells of the second request alone where that wrote the text again', () => {
    const steps = [traced('sum', 50), traced('(items);', 60)];
    const joined = joinGenerated(beginning, generatedText({ ...rest, trace: { steps, typedChars: 0 } }));
    assert.equal(written(joined), 'sum(items);');
  });

  it('needs no trace', () => {
    assert.equal('trace' in joinGenerated(generatedText(), generatedText(rest)), false);
  });
});
