import assert from 'node:assert/strict';
import type {
  CompletionParameters,
  CompletionResult,
  GenerationTrace,
  LoadedModelInfo,
} from '../../../src/inference/protocol.ts';
import type { SuggestionView } from '../../../src/tuning/panelState.ts';
import { RequestHistory } from '../../../src/tuning/requestHistory.ts';
import { TuningSession } from '../../../src/tuning/tuningSession.ts';
import type { TuningSettings } from '../../../src/tuning/tuningSettings.ts';
import { completionParameters, generatedText, requestReport, SETTINGS_NOW, step } from './tuningCases.ts';

const MODEL: LoadedModelInfo = {
  ...{ id: 'tiny', quantization: 'q8', device: 'cpu', threads: 2, contextLength: 99, loadMs: 1 },
  availableMethods: ['auto', 'lookup', 'off'],
};

/** Three steps: the prefill, one with a rejected draft, one with an accepted one. */
const TRACE: GenerationTrace = {
  typedChars: 0,
  steps: [false, false, true].map((isAccepted, index) => ({
    nodes:
      index === 0
        ? []
        : [{ text: 'a', parent: -1, source: 'lookup', chance: 0.5, isVerified: true, isAccepted, probability: 0.5 }],
    tokens: [{ text: 'a', origin: 'model', probability: 1 }],
    ...{ isEnd: false, draftMs: 0, forwardMs: 1 },
  })),
};

function open(answer: (parameters: CompletionParameters) => CompletionResult | Promise<CompletionResult>) {
  const history = new RequestHistory();
  let settings: TuningSettings & { readonly maxTokens: number } = { ...SETTINGS_NOW, maxTokens: 16 };
  const asked: CompletionParameters[] = [];
  const written: Partial<TuningSettings>[] = [];
  let changes = 0;
  let isStopped = false;
  const session = new TuningSession({
    history,
    loadedModel: () => MODEL,
    describeEngine: () => ({ description: 'runs', isReady: true, availableMethods: MODEL.availableMethods }),
    readSettings: () => settings,
    writeSettings: async (values) => {
      written.push(values);
      settings = { ...settings, ...values };
    },
    openEngine: () => ({
      complete: async (parameters) => {
        asked.push(parameters);
        return isStopped ? { kind: 'cancelled', stage: 'queued' } : answer(parameters);
      },
      stop: () => {
        isStopped = true;
      },
    }),
    openSettings: () => {},
    onChange: () => {
      changes++;
    },
  });
  const type = (count: number, trace?: GenerationTrace): void => {
    for (let request = 0; request < count; request++) {
      const generated = generatedText(trace === undefined ? {} : { trace });
      history.record(requestReport({ result: { kind: 'generated', generated } }), completionParameters());
    }
  };
  return { session, type, asked, written, changes: () => changes, settings: () => settings };
}

/** `lookup` takes half the time of the others; `typical` writes another text. */
function fastLookup({ draftMethod, acceptanceMode }: CompletionParameters): CompletionResult {
  const total = draftMethod === 'lookup' ? 100 : 150;
  const text = acceptanceMode === 'typical' ? 'other' : 'same';
  const ms = { queued: 0, prefill: 50, draft: 0, verify: 0, total };
  return { kind: 'generated', generated: generatedText({ text, ms, perStep: [step(0, 0)] }) };
}

describe('TuningSession', () => {
  it('shows the newest request at the step that accepted most, or the request and step that were chosen', async () => {
    const { session, type } = open(fastLookup);
    const shown = (): SuggestionView | undefined => session.state.suggestion;
    assert.equal(shown(), undefined);
    type(2, TRACE);
    assert.deepEqual([shown()?.request.number, shown()?.step], [2, 2]);
    await session.handle({ kind: 'show-step', step: 99 });
    assert.equal(shown()?.step, 2);
    await session.handle({ kind: 'show-step', step: 0 });
    await session.handle({ kind: 'show-request', number: 1 });
    assert.deepEqual([shown()?.request.number, shown()?.step], [1, 2]);
    type(1, TRACE);
    session.noteRequest();
    assert.equal(shown()?.request.number, 1);
    await session.handle({ kind: 'show-request', number: 3 });
    await session.handle({ kind: 'show-step', step: 1 });
    type(1, TRACE);
    session.noteRequest();
    assert.deepEqual([shown()?.request.number, shown()?.step], [4, 2]);
  });

  it('tries other settings on the last eight requests, and writes them only when it is told to', async () => {
    const { session, type, asked, written, settings } = open(fastLookup);
    type(12);
    const choices = { ...SETTINGS_NOW, draftMethod: 'lookup', acceptanceMode: 'typical' } as const;
    await session.handle({ kind: 'set-trial', changes: { draftMethod: 'lookup' } });
    await session.handle({ kind: 'set-trial', changes: { acceptanceMode: 'typical' } });
    await session.handle({ kind: 'trial-start' });
    const { run } = session.state.trial;
    assert.ok(run.kind === 'done');
    const { present, tried } = run.result;
    assert.deepEqual([present.requests, tried.speedup, tried.changed.length], [8, 2, 8]);
    assert.deepEqual([...new Set(asked.flatMap(({ experiment }) => experiment?.startsFrom ?? []))], ['learned']);
    assert.equal(settings().draftMethod, 'auto');
    await session.handle({ kind: 'trial-apply' });
    assert.deepEqual(settings(), { ...choices, maxTokens: 16 });
    assert.deepEqual(written, [{ draftMethod: 'lookup', acceptanceMode: 'typical' }]);
    assert.deepEqual(session.state.trial.choices.draftMethod, 'lookup');
  });

  it('benchmarks all methods of the model from a fresh state, off first, and applies what it recommends', async () => {
    const { session, asked, settings } = open(fastLookup);
    await session.handle({ kind: 'set-benchmark', source: 'samples' });
    await session.handle({ kind: 'benchmark-start' });
    const { run } = session.state.benchmark;
    assert.ok(run.kind === 'done');
    assert.deepEqual(
      run.result.methods.map(({ variant, speedup }) => [variant.draftMethod, speedup]),
      [
        ['off', 1],
        ['auto', 1],
        ['lookup', 2],
      ],
    );
    assert.deepEqual([...new Set(asked.flatMap(({ experiment }) => experiment?.startsFrom ?? []))], ['fresh']);
    await session.handle({ kind: 'benchmark-apply' });
    assert.equal(settings().draftMethod, 'lookup');
  });

  it('runs one thing at a time, says how far it is, and stops when it is told to', async () => {
    let release = (): void => {};
    const { session, type, changes } = open(
      () =>
        new Promise((resolve) => {
          release = () => resolve({ kind: 'generated', generated: generatedText() });
        }),
    );
    type(2);
    const trial = session.handle({ kind: 'trial-start' });
    await session.handle({ kind: 'benchmark-start' });
    assert.deepEqual(
      [session.state.trial.run, session.state.benchmark.run.kind],
      [{ kind: 'running', share: 0 }, 'idle'],
    );
    const before = changes();
    await session.handle({ kind: 'trial-cancel' });
    release();
    await trial;
    assert.equal(session.state.trial.run.kind, 'cancelled');
    assert.ok(changes() > before);
  });

  it('tells what went wrong', async () => {
    const { session, type } = open(() => Promise.reject(new Error('it broke')));
    type(1);
    await session.handle({ kind: 'trial-start' });
    assert.deepEqual(session.state.trial.run, { kind: 'failed', message: 'it broke' });
  });
});
