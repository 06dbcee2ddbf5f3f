import assert from 'node:assert/strict';
import type { DiagnosticsFacts } from '../../../src/editor/surface/describeDiagnostics.ts';
import { describeDiagnostics } from '../../../src/editor/surface/describeDiagnostics.ts';
import type { EngineState } from '../../../src/inference/client/engineState.ts';
import type { CompletionResult, GeneratedText } from '../../../src/inference/protocol.ts';
import type { RequestReport } from '../../../src/pipeline/explain/requestReport.ts';
import { noSuggestion } from '../../../src/pipeline/postprocess/suggestion.ts';
import { readSettings } from '../../../src/settings/settings.ts';
import { LOADED_MODEL, READY } from './engineStates.ts';

const DEFAULTS = readSettings(
  () => undefined,
  () => {},
);
/** Stands for everything that must stay on the machine. */
const SECRET = 'Zebra';
const SECRET_PATH = `/home/${SECRET}/My ${SECRET} Work/${SECRET}.py`;

const GENERATED: GeneratedText = {
  text: `const key = "${SECRET}";`,
  stopReason: 'line-end',
  tokens: 7,
  promptTokens: 321,
  freshTokens: 4,
  forwards: 3,
  meanLogProbability: -0.2,
  ms: { queued: 0, prefill: 12.34, draft: 0.5, verify: 45.6, total: 60 },
  perStep: [{ drafted: 5, accepted: 3, method: 'lookup', nodes: [] }],
};

const REQUEST: RequestReport = {
  time: '12:00',
  trigger: 'typing',
  where: { document: SECRET_PATH, languageId: 'python', line: 3, column: 4 },
  settings: { model: SECRET_PATH },
  engine: SECRET_PATH,
  outcome: { kind: 'suggestion', text: `"${SECRET}"`, replaceChars: 0 },
  isContinued: false,
  followsSelectedEntry: false,
  prompt: { prefixChars: 10, suffixChars: 20, tailChars: 30, extent: 'block' },
  result: { kind: 'generated', generated: GENERATED },
  ms: { waited: 60, total: 130 },
};

const FACTS: DiagnosticsFacts = {
  versions: { foretoken: '0.1.0', editor: 'Code 1.101.0', node: '22.1.0' },
  system: {
    platform: 'linux',
    release: '6.1',
    arch: 'x64',
    processor: 'Some CPU',
    cores: 8,
    memoryBytes: 16_000_000_000,
  },
  remote: undefined,
  settings: DEFAULTS,
  engine: READY,
  isSnoozed: false,
  lastRequest: REQUEST,
  privateFolders: [`/home/${SECRET}`, `/home/${SECRET}/My ${SECRET} Work`],
};

describe('describeDiagnostics', () => {
  it('holds versions, machine, model and device, and the figures of the last request', () => {
    assert.equal(
      describeDiagnostics(FACTS),
      [
        '# Foretoken diagnostics',
        '',
        '- Versions: Foretoken 0.1.0, editor Code 1.101.0, Node 22.1.0',
        '- System: linux 6.1 x64',
        '- Processor: Some CPU, 8 cores',
        '- Memory: 16.0 GB',
        '',
        '## Settings that differ from the defaults',
        '',
        'None.',
        '',
        '## Engine',
        '',
        '- State: ready',
        '- Model: qwen2.5-coder-0.5b, q8, context of 32768 tokens',
        '- Device: cpu, 2 threads, loaded in 1234 ms',
        '- Draft methods: off, lookup, medusa, auto',
        '',
        '## Last request',
        '',
        '- Outcome: suggestion: 7 characters',
        '- Trigger: typing in python',
        '- Prompt: 10 + 30 | 20 characters, block',
        '- Tokens: 321 in the prompt, 4 of them fresh; 7 written, 3 forwards',
        '- Drafts: lookup: 5 drafted, 3 accepted',
        '- Stopped by: line-end',
        '- Times: queued 0.0 ms, prefill 12 ms, draft 0.5 ms, verify 46 ms, total 60 ms',
        '- In the editor: 130 ms, of which the delay 60 ms',
      ].join('\n'),
    );
  });

  it('lists the settings that differ, and those only', () => {
    const settings = { ...DEFAULTS, delayMs: 100, draftMethod: 'lookup', languages: { '*': true, go: false } } as const;
    const text = describeDiagnostics({ ...FACTS, settings });
    assert.match(text, /- foretoken\.delay: 100\n/);
    assert.match(text, /- foretoken\.draft\.method: lookup\n/);
    assert.match(text, /- foretoken\.languages: \{"\*":true,"go":false\}\n/);
    assert.doesNotMatch(text, /foretoken\.model/);
  });

  it('says that there was no request', () => {
    assert.match(describeDiagnostics({ ...FACTS, lastRequest: undefined }), /## Last request\n\nNone\.$/);
  });

  const message = `cannot read "${SECRET_PATH}" nor ${SECRET_PATH}: it is damaged`;
  const states: readonly EngineState[] = [
    READY,
    { kind: 'ready', model: { ...LOADED_MODEL, id: SECRET_PATH, fallback: message }, degraded: message },
    { kind: 'failed', message, whatToDo: 'look-at-log' },
    { kind: 'model-missing', message },
    { kind: 'restarting', delayMs: 1, reason: message },
    { kind: 'preparing', progress: { phase: 'download', fraction: 0, detail: message } },
  ];
  const results: readonly CompletionResult[] = [
    { kind: 'generated', generated: { ...GENERATED, stopReason: `${SECRET} \n` } },
    { kind: 'failed', message },
    { kind: 'prompt-too-long', message },
    { kind: 'cancelled', stage: 'queued' },
  ];

  for (const engine of states) {
    for (const result of results) {
      it(`names neither code nor paths when ${engine.kind} and the answer was ${result.kind}`, () => {
        const text = describeDiagnostics({
          ...FACTS,
          engine,
          settings: {
            ...DEFAULTS,
            model: SECRET_PATH,
            languages: { [SECRET_PATH]: true },
            suggestIn: { [`a ${SECRET}`]: false },
          },
          lastRequest: {
            ...REQUEST,
            where: { ...REQUEST.where, languageId: SECRET_PATH },
            outcome: noSuggestion('engine-failed', message),
            result,
          },
        });
        assert.ok(!text.includes(SECRET), text);
      });
    }
  }

  it('keeps what the message of a failure says apart from its paths', () => {
    const text = describeDiagnostics({ ...FACTS, engine: { kind: 'failed', message, whatToDo: 'look-at-log' } });
    assert.match(text, /- Message: cannot read "<path>" nor <path>: it is damaged\n/);
  });
});
