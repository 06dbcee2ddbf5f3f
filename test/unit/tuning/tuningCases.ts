import type { DraftSource, VerifiedNode } from '../../../src/engine/draft/draftTree.ts';
import type { CompletionParameters, GeneratedText } from '../../../src/inference/protocol.ts';
import type { RequestReport } from '../../../src/pipeline/explain/requestReport.ts';
import type { TuningSettings } from '../../../src/tuning/tuningSettings.ts';

export const SETTINGS_NOW: TuningSettings = {
  draftMethod: 'auto',
  draftMaxTokens: 8,
  draftTree: false,
  acceptanceMode: 'exact',
  acceptanceThreshold: 0.09,
};

export function node(source: DraftSource, parent: number, isAccepted: boolean): VerifiedNode {
  return { token: 1, parent, source, bucket: 0, chance: 0.5, isAccepted };
}

/** A chain of `drafted` nodes of which the first `accepted` stood. */
export function step(
  drafted: number,
  accepted: number,
  source: DraftSource = 'lookup',
): GeneratedText['perStep'][number] {
  const nodes = Array.from({ length: drafted }, (_, index) => node(source, index - 1, index < accepted));
  return { drafted, accepted, method: 'auto', nodes };
}

export function generatedText(overrides: Partial<GeneratedText> = {}): GeneratedText {
  return {
    text: 'return 1',
    stopReason: 'line-end',
    tokens: 4,
    promptTokens: 100,
    freshTokens: 20,
    forwards: 3,
    meanLogProbability: -0.5,
    ms: { queued: 0, prefill: 100, draft: 10, verify: 80, total: 200 },
    perStep: [step(3, 2), step(0, 0)],
    ...overrides,
  };
}

export function completionParameters(overrides: Partial<CompletionParameters> = {}): CompletionParameters {
  return {
    documentId: 'a',
    prompt: { prefix: 'one', suffix: '', tail: '' },
    heal: true,
    singleLine: false,
    allowsCodeFence: false,
    stopRules: true,
    maxTokens: 64,
    ...SETTINGS_NOW,
    draftTexts: [],
    remember: true,
    deadlineMs: 900,
    isIdle: true,
    ...overrides,
  };
}

export function requestReport(overrides: Partial<RequestReport> = {}): RequestReport {
  return {
    time: '12:00:00',
    trigger: 'typing',
    where: { document: 'a.py', languageId: 'python', line: 4, column: 9 },
    settings: {},
    engine: 'runs',
    outcome: { kind: 'suggestion', text: 'return 1', replaceChars: 0 },
    isContinued: false,
    followsSelectedEntry: false,
    ms: { waited: 60, total: 250 },
    ...overrides,
  };
}
