import type { EngineState } from '../../inference/client/engineState.ts';
import type { CompletionResult } from '../../inference/protocol.ts';
import type { RequestReport } from '../../pipeline/explain/requestReport.ts';
import type { Settings } from '../../settings/settings.ts';
import { SETTINGS } from '../../settings/settings.ts';
import { redactPaths } from './redactPaths.ts';

export interface DiagnosticsFacts {
  readonly versions: { readonly foretoken: string; readonly editor: string; readonly node: string };
  readonly system: {
    readonly platform: string;
    readonly release: string;
    readonly arch: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
  /** Name of the remote kind, such as `wsl`; undefined in a local window. */
  readonly remote: string | undefined;
  readonly settings: Settings;
  readonly engine: EngineState;
  readonly isSnoozed: boolean;
  readonly lastRequest: RequestReport | undefined;
  /** Folders whose names must not appear. */
  readonly privateFolders: readonly string[];
}

type Rows = readonly (readonly [name: string, value: string])[];

/**
 * What a bug report needs, as Markdown, in English whatever the editor's language.
 *
 * Every line is put together from numbers, closed choices and names checked for their form, rather than cleaned of what is
 * private; only the engine's own messages are free text, and those lose all paths.
 */
export function describeDiagnostics(facts: DiagnosticsFacts): string {
  return [
    '# Foretoken diagnostics',
    list(systemRows(facts)),
    '## Settings that differ from the defaults',
    list(settingRows(facts.settings)),
    '## Engine',
    list(engineRows(facts)),
    '## Last request',
    list(facts.lastRequest === undefined ? [] : requestRows(facts.lastRequest)),
  ].join('\n\n');
}

function systemRows({ versions, system, remote }: DiagnosticsFacts): Rows {
  const { platform, release, arch, processor, cores, memoryBytes } = system;
  return [
    ['Versions', `Foretoken ${versions.foretoken}, editor ${versions.editor}, Node ${versions.node}`],
    ['System', `${platform} ${release} ${arch}${remote === undefined ? '' : `, remote: ${remote}`}`],
    ['Processor', `${processor}, ${cores} cores`],
    ['Memory', `${(memoryBytes / 1e9).toFixed(1)} GB`],
  ];
}

function settingRows(settings: Settings): Rows {
  return Object.entries(SETTINGS).flatMap(([name, declaration]) => {
    const value = settings[name as keyof Settings];
    const isDefault = JSON.stringify(value) === JSON.stringify(declaration.default);
    return isDefault ? [] : [[`foretoken.${declaration.key}`, describeValue(value)] as const];
  });
}

function describeValue(value: Settings[keyof Settings]): string {
  if (Array.isArray(value)) {
    return `${value.length} entries`;
  }
  if (typeof value === 'object') {
    return JSON.stringify(Object.fromEntries(Object.entries(value).map(([key, isOn]) => [nameOf(key), isOn === true])));
  }
  return typeof value === 'string' ? nameOf(value) : String(value);
}

/** Identifiers of models, languages and choices; whatever looks otherwise may be a path or worse. */
function nameOf(text: string): string {
  return /^[\w.+#*-]{1,64}$/.test(text) ? text : '<not shown>';
}

function engineRows({ engine, isSnoozed, privateFolders }: DiagnosticsFacts): Rows {
  const message = (text: string): string => redactPaths(text, privateFolders).replaceAll('\n', ' ');
  const rows: (readonly [string, string])[] = [['State', engine.kind + (isSnoozed ? ', snoozed' : '')]];
  switch (engine.kind) {
    case 'ready': {
      const { id, quantization, device, threads, contextLength, availableMethods, loadMs, fallback } = engine.model;
      rows.push(
        ['Model', `${nameOf(id)}, ${quantization}, context of ${contextLength} tokens`],
        ['Device', `${device}, ${threads} threads, loaded in ${milliseconds(loadMs)}`],
        ['Draft methods', availableMethods.join(', ')],
      );
      for (const text of new Set([engine.degraded, fallback])) {
        if (text !== undefined) {
          rows.push(['Degraded', message(text)]);
        }
      }
      break;
    }
    case 'restarting':
      rows.push(['Reason', message(engine.reason)]);
      break;
    case 'failed':
    case 'model-missing':
      rows.push(['Message', message(engine.message)]);
      break;
    case 'preparing':
      rows.push(['Phase', engine.progress?.phase ?? 'start']);
      break;
    case 'idle':
    case 'loading':
      break;
  }
  return rows;
}

/** Counts and times only; neither what was written nor where. */
function requestRows({ trigger, where, outcome, isContinued, prompt, result, ms }: RequestReport): Rows {
  const ending = outcome.kind === 'suggestion' ? `${outcome.text.length} characters` : outcome.reason;
  return [
    ['Outcome', `${outcome.kind}: ${ending}${isContinued ? ', typed along' : ''}`],
    ['Trigger', `${trigger} in ${nameOf(where.languageId)}`],
    ...(prompt === undefined
      ? []
      : [
          [
            'Prompt',
            `${prompt.prefixChars} + ${prompt.tailChars} | ${prompt.suffixChars} characters, ${nameOf(prompt.extent)}`,
          ] as const,
        ]),
    ...(result === undefined ? [] : resultRows(result)),
    ['In the editor', `${milliseconds(ms.total)}, of which the delay ${milliseconds(ms.waited)}`],
  ];
}

function resultRows(result: CompletionResult): Rows {
  if (result.kind !== 'generated') {
    return [['Answer', 'stage' in result ? `${result.kind} while ${result.stage}` : result.kind]];
  }
  const { tokens, promptTokens, freshTokens, forwards, stopReason, ms, perStep } = result.generated;
  const drafted = perStep.reduce((sum, step) => sum + step.drafted, 0);
  const accepted = perStep.reduce((sum, step) => sum + step.accepted, 0);
  const methods = [...new Set(perStep.map(({ method }) => method))].join(', ');
  return [
    ['Tokens', `${promptTokens} in the prompt, ${freshTokens} of them fresh; ${tokens} written, ${forwards} forwards`],
    ['Drafts', `${methods === '' ? 'none' : methods}: ${drafted} drafted, ${accepted} accepted`],
    ['Stopped by', nameOf(stopReason)],
    [
      'Times',
      Object.entries(ms)
        .map(([phase, time]) => `${phase} ${milliseconds(time)}`)
        .join(', '),
    ],
  ];
}

function list(rows: Rows): string {
  return rows.length === 0 ? 'None.' : rows.map(([name, value]) => `- ${name}: ${value}`).join('\n');
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
