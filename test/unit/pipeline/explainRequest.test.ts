import assert from 'node:assert/strict';
import type { DraftSource, VerifiedNode } from '../../../src/engine/draft/draftTree.ts';
import type { CompletionResult, GenerationTrace } from '../../../src/inference/protocol.ts';
import { explainRequest } from '../../../src/pipeline/explain/explainRequest.ts';
import type { RequestReport } from '../../../src/pipeline/explain/requestReport.ts';
import { noSuggestion } from '../../../src/pipeline/postprocess/suggestion.ts';

const REPORT: RequestReport = {
  time: '12:00:00',
  trigger: 'typing',
  where: { document: 'src/a|b.py', languageId: 'python', line: 4, column: 9 },
  settings: { delay: 60, languages: { '*': true } },
  engine: 'runs on cpu',
  outcome: { kind: 'suggestion', text: 'a + b\n', replaceChars: 0 },
  isContinued: false,
  followsSelectedEntry: false,
  ms: { waited: 61, total: 250 },
};

function node(source: DraftSource, isAccepted: boolean): VerifiedNode {
  return { token: 1, parent: -1, source, bucket: 0, chance: 0.5, isAccepted };
}

const GENERATED: Extract<CompletionResult, { kind: 'generated' }> = {
  kind: 'generated',
  generated: {
    text: 'secret text',
    stopReason: 'line-end',
    tokens: 10,
    promptTokens: 420,
    freshTokens: 7,
    forwards: 11,
    meanLogProbability: Math.log(0.5),
    firstLineLogProbability: Math.log(0.41),
    ms: { queued: 1, prefill: 20, draft: 0, verify: 180, total: 200 },
    perStep: [
      { drafted: 3, accepted: 2, method: 'auto', nodes: [node('lookup', true), node('mtp', true), node('mtp', false)] },
      { drafted: 1, accepted: 1, method: 'auto', nodes: [node('lookup', true)] },
    ],
  },
};

describe('explainRequest', () => {
  const cases: readonly (readonly [name: string, changes: Partial<RequestReport>, expected: RegExp])[] = [
    [
      'says that a suggestion was offered',
      {},
      /\*\*A suggestion was offered to the editor\*\*, 6 characters in 2 lines/,
    ],
    ['says that one was prepared', { isContinued: true, isPrepared: true }, /\*\*A suggestion was there already\*\*/],
    [
      'says that one was shown by its beginning first',
      { isContinued: true, isPrepared: true, isGrown: true },
      /\*\*A suggestion was offered to the editor\*\*, 6 characters in 2 lines: its beginning first/,
    ],
    ['says that one was kept', { isContinued: true }, /\*\*A suggestion was kept\*\*/],
    [
      'says why nothing was shown',
      { outcome: noSuggestion('superseded', 'stage: prefill') },
      /\*\*Nothing was shown\.\*\* A newer request .* took its place\. \(stage: prefill\)/,
    ],
    ['counts lines and columns from 1', {}, /line 5, column 10/],
    ['keeps its tables whole', {}, /\| Where \| src\/a\\\|b\.py,/],
    [
      'says that no other file was seen',
      { prompt: { prefixChars: 1, suffixChars: 2, tailChars: 3, extent: 'block' } },
      /\| From other files \| nothing/,
    ],
    [
      'names the other files that were seen',
      {
        prompt: {
          prefixChars: 1,
          suffixChars: 2,
          tailChars: 3,
          extent: 'block',
          otherFiles: [{ path: 'b.ts', chars: 40 }],
        },
      },
      /\| From other files \| b\.ts \(40 characters\)/,
    ],
    ['says what the cache saved', { result: GENERATED }, /413 tokens were there, 7 were read afresh/],
    ['says how sure the model was', { result: GENERATED }, /\| Probability per token \| 50%/],
    [
      'says how sure it was of the first line',
      { result: GENERATED },
      /\| Probability of the whole first line \| 41%: its/,
    ],
    [
      'says so where that is next to nothing',
      { result: { ...GENERATED, generated: { ...GENERATED.generated, firstLineLogProbability: Math.log(0.004) } } },
      /\| Probability of the whole first line \| less than 1%: its/,
    ],
    ['says how fast it wrote', { result: GENERATED }, /200 ms, 50 tokens per second/],
    [
      'says what was drafted and what stood',
      { result: GENERATED },
      /method auto, 4 drafted, 3 accepted \(2 lookup, 1 mtp\), 2\.50 tokens per forward/,
    ],
    ['says where a request was stopped', { result: { kind: 'cancelled', stage: 'decode' } }, /while text was written/],
    ['passes on what the engine says', { result: { kind: 'failed', message: 'it broke' } }, /failed: it broke/],
    ['lists the settings that held', {}, /\| foretoken\.languages \| \{"\*":true\} \|/],
  ];
  for (const [name, changes, expected] of cases) {
    it(name, () => {
      assert.match(explainRequest({ ...REPORT, ...changes }), expected);
    });
  }

  it('contains no text of the file or of the model where no trace was made', () => {
    const report = explainRequest({ ...REPORT, result: GENERATED });
    assert.doesNotMatch(report, /secret text|a \+ b/);
  });

  it('lists who wrote each token, how probable it was, and what was rejected in its place', () => {
    const drafted = { chance: 0.5, isVerified: true, isAccepted: false, probability: 0.004 } as const;
    const trace: GenerationTrace = {
      typedChars: 2,
      steps: [
        {
          ...{ nodes: [], isEnd: false, draftMs: 0, forwardMs: 20 },
          tokens: [{ text: 'sel', origin: 'healed', probability: 0.25 }],
        },
        {
          nodes: [
            { ...drafted, text: ' |a`', parent: -1, source: 'lookup', isAccepted: true },
            { ...drafted, text: '\n', parent: 0, source: 'mtp' },
            { ...drafted, text: '', parent: 0, source: 'lookup' },
            { ...drafted, text: 'never seen by the model', parent: 0, source: 'mtp', isVerified: false },
          ],
          tokens: [
            { text: ' |a`', origin: 'lookup', probability: 0.996 },
            { text: '\u202e\t', origin: 'model', probability: 0.5 },
          ],
          ...{ isEnd: false, draftMs: 1, forwardMs: 30 },
        },
      ],
    };
    const report = explainRequest({
      ...REPORT,
      result: { ...GENERATED, generated: { ...GENERATED.generated, trace } },
    });
    assert.deepEqual(
      report.split('\n').filter((line) => /^\| \d/.test(line)),
      [
        '| 1 | `sel` | healed | 25% |  |',
        '| 2 | `` ·\\|a` `` | lookup | 100% |  |',
        '| 3 | `\uFFFD→` | model | 50% | ⏎ (mtp <1%), (end) (lookup <1%) |',
      ],
    );
  });

  it('tells at the end of the suggestion before a request that showed nothing', () => {
    const refused = { ...REPORT, time: '12:00:01', outcome: noSuggestion('statement-ended') };
    const report = explainRequest(refused, { ...REPORT, result: GENERATED });
    const [newest = '', before = ''] = report.split('\n# The suggestion before it\n');
    assert.match(newest, /\*\*Nothing was shown\.\*\*[\s\S]*The suggestion before it is told of at the end/);
    assert.match(before, /offered to the editor[\s\S]*12:00:00[\s\S]*413 tokens were there/);
  });

  it('says what to do before the first request', () => {
    assert.match(explainRequest(undefined), /Nothing was requested in this window yet/);
  });
});
