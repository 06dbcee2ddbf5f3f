import type { Translate } from '../../base/translate.ts';
import type { EngineState } from '../../inference/client/engineState.ts';
import type { Settings } from '../../settings/settings.ts';
import { canDraft } from './describeStatus.ts';
import { describeDuration } from './snooze.ts';

export interface MenuFacts {
  readonly settings: Settings;
  readonly engine: EngineState;
  /** Of the active editor. */
  readonly language: { readonly id: string; readonly isEnabled: boolean } | undefined;
  /** 0 when not snoozed. */
  readonly snoozedMs: number;
}

export type MenuEntry =
  | { readonly kind: 'heading'; readonly label: string }
  | {
      readonly kind: 'action';
      /** A codicon's name. */
      readonly icon: string;
      readonly label: string;
      /** The present value, where the action changes one. */
      readonly description: string;
      readonly command: string;
      readonly argument?: unknown;
    };

/** The status item's menu: what has to be done first, then on and off, the choices, what there is to see, and help. */
export function menuEntries(facts: MenuFacts, translate: Translate): readonly MenuEntry[] {
  return [
    ...repairs(facts.engine, translate),
    { kind: 'heading', label: translate('Suggestions') },
    ...switches(facts, translate),
    { kind: 'heading', label: translate('Engine') },
    ...choices(facts, translate),
    ...(facts.engine.kind === 'failed' || facts.engine.kind === 'idle' ? [] : [restart(translate)]),
    ...(facts.engine.kind === 'ready' ? [action('clear-all', translate('Clear caches'), 'foretoken.clearCaches')] : []),
    { kind: 'heading', label: translate('See and steer') },
    action('graph', translate('Tuning panel'), 'foretoken.openTuningPanel'),
    action('question', translate('Explain last request'), 'foretoken.explainLast'),
    ...(facts.engine.kind === 'ready'
      ? [action('dashboard', translate('Benchmark this machine'), 'foretoken.benchmarkMachine')]
      : []),
    { kind: 'heading', label: translate('Help') },
    ...(facts.engine.kind === 'failed' ? [] : [showLog(translate)]),
    action('clippy', translate('Copy diagnostics'), 'foretoken.copyDiagnostics'),
    action('book', translate('Open the walkthrough'), 'foretoken.openWalkthrough'),
    {
      ...action('settings-gear', translate('Settings'), 'workbench.action.openSettings'),
      argument: '@ext:foretoken.foretoken',
    },
  ];
}

function repairs(engine: EngineState, translate: Translate): readonly MenuEntry[] {
  switch (engine.kind) {
    case 'model-missing':
      return [action('cloud-download', translate('Download the model'), 'foretoken.downloadModel')];
    case 'failed':
      return [restart(translate), showLog(translate)];
    default:
      return [];
  }
}

function switches({ settings, language, snoozedMs }: MenuFacts, translate: Translate): readonly MenuEntry[] {
  if (!settings.enabled) {
    return [action('play', translate('Turn suggestions on'), 'foretoken.toggle')];
  }
  const snooze =
    snoozedMs > 0
      ? action('bell', translate('End snooze'), 'foretoken.endSnooze', describeDuration(snoozedMs, translate))
      : action('bell-slash', translate('Snooze…'), 'foretoken.snooze');
  const forLanguage =
    language === undefined
      ? []
      : [
          action(
            'code',
            language.isEnabled
              ? translate('Turn suggestions off for {0}', language.id)
              : translate('Turn suggestions on for {0}', language.id),
            'foretoken.toggleLanguage',
          ),
        ];
  return [snooze, ...forLanguage, action('circle-slash', translate('Turn suggestions off'), 'foretoken.toggle')];
}

function choices({ settings, engine }: MenuFacts, translate: Translate): readonly MenuEntry[] {
  const { draftMethod, acceptanceMode, acceptanceThreshold, model, quantization, device } = settings;
  const acceptance = acceptanceMode === 'exact' ? acceptanceMode : `${acceptanceMode} ${acceptanceThreshold}`;
  const loaded = engine.kind === 'ready' ? engine.model : undefined;
  const runsOn = loaded !== undefined && loaded.device !== device ? ` → ${loaded.device}` : '';
  const storedAs = loaded !== undefined && loaded.quantization !== quantization ? ` → ${loaded.quantization}` : '';
  const method = canDraft(engine, draftMethod) ? draftMethod : `${draftMethod} → off`;
  return [
    action('rocket', translate('Draft method…'), 'foretoken.chooseDraftMethod', method),
    action('check-all', translate('Acceptance…'), 'foretoken.chooseAcceptance', acceptance),
    action('package', translate('Model…'), 'foretoken.chooseModel', `${model}, ${quantization}${storedAs}`),
    action('chip', translate('Device…'), 'foretoken.chooseDevice', device + runsOn),
  ];
}

function restart(translate: Translate): MenuEntry {
  return action('debug-restart', translate('Restart the engine'), 'foretoken.restartEngine');
}

function showLog(translate: Translate): MenuEntry {
  return action('output', translate('Show the log'), 'foretoken.showLog');
}

function action(icon: string, label: string, command: string, description = ''): MenuEntry & { kind: 'action' } {
  return { kind: 'action', icon, label, description, command };
}
