/**
 * The one typed declaration of the settings: default, range, unit, and whether a change needs the engine to restart. A test
 * holds these equal to the manifest's.
 */

import type { Translate } from '../base/translate.ts';
import { untranslated } from '../base/translate.ts';
import type { AcceptanceMode } from '../engine/accept/acceptanceRule.ts';
import { ACCEPTANCE_MODES } from '../engine/accept/acceptanceRule.ts';
import type { DraftMethod } from '../engine/draft/drafter.ts';
import { DRAFT_METHODS } from '../engine/draft/drafter.ts';
import type { Device } from '../inference/protocol.ts';
import { DEVICES } from '../inference/protocol.ts';
import type { QuantizationChoice } from '../model/chooseQuantization.ts';
import { QUANTIZATION_CHOICES } from '../model/chooseQuantization.ts';

export const TRIGGERS = ['automatic', 'manual'] as const;

export interface Settings {
  readonly enabled: boolean;
  /** Language id to on or off; `*` stands for all others. */
  readonly languages: Readonly<Record<string, boolean>>;
  /** `comments`, `strings` and `prose` (text that is not code) to on or off; what is not named is on. */
  readonly suggestIn: Readonly<Record<string, boolean>>;
  /** Globs of the files that are completed. */
  readonly include: readonly string[];
  /** Globs of files that are neither completed nor used for suggestions in others. */
  readonly exclude: readonly string[];
  /** Whether other open files are read for suggestions. */
  readonly openFiles: boolean;
  readonly trigger: (typeof TRIGGERS)[number];
  /** Longest wait after a keystroke before the engine is asked, milliseconds; rhythm and speed decide how much of it. */
  readonly delayMs: number;
  /** Milliseconds after which a suggestion begins no further line; 0 for none. */
  readonly deadlineMs: number;
  /** Milliseconds after which the beginning of a suggestion is shown, the rest when it is there; 0 for whole ones only. */
  readonly firstTextMs: number;
  readonly maxTokens: number;
  /** Per cent of confidence that a suggestion needs to be shown; 0 shows all. */
  readonly quietness: number;
  /** Most lines with something on them. */
  readonly maxLines: number;
  readonly model: string;
  readonly quantization: QuantizationChoice;
  readonly device: Device;
  readonly threads: number;
  readonly cacheMegabytes: number;
  readonly draftMethod: DraftMethod;
  /** Most tokens drafted in one step; what pays is usually less. */
  readonly draftMaxTokens: number;
  /** Whether a draft may branch. */
  readonly draftTree: boolean;
  /** Guesses less likely than this are not checked; 0 leaves that to the measured costs. */
  readonly draftStopConfidence: number;
  readonly acceptanceMode: AcceptanceMode;
  readonly acceptanceThreshold: number;
}

export interface SettingDeclaration {
  /** Key below `foretoken.` in the configuration. */
  readonly key: string;
  readonly default: Settings[keyof Settings];
  readonly range?: readonly [low: number, high: number];
  readonly choices?: readonly string[];
  readonly restartsEngine: boolean;
}

export const SETTINGS: {
  readonly [Name in keyof Settings]: SettingDeclaration & { readonly default: Settings[Name] };
} = {
  enabled: { key: 'enabled', default: true, restartsEngine: false },
  languages: { key: 'languages', default: { '*': true }, restartsEngine: false },
  suggestIn: {
    key: 'suggestIn',
    default: { comments: true, strings: true, prose: true },
    restartsEngine: false,
  },
  include: { key: 'include', default: ['**'], restartsEngine: false },
  exclude: { key: 'exclude', default: [], restartsEngine: false },
  openFiles: { key: 'openFiles', default: true, restartsEngine: false },
  trigger: { key: 'trigger', default: 'automatic', choices: TRIGGERS, restartsEngine: false },
  delayMs: { key: 'delay', default: 120, range: [0, 2000], restartsEngine: false },
  deadlineMs: { key: 'deadline', default: 800, range: [0, 60_000], restartsEngine: false },
  firstTextMs: { key: 'firstText', default: 40, range: [0, 60_000], restartsEngine: false },
  maxTokens: { key: 'maxTokens', default: 64, range: [1, 512], restartsEngine: false },
  quietness: { key: 'quietness', default: 0, range: [0, 100], restartsEngine: false },
  maxLines: { key: 'maxLines', default: 20, range: [1, 100], restartsEngine: false },
  model: { key: 'model', default: 'qwen2.5-coder-0.5b', restartsEngine: true },
  quantization: { key: 'quantization', default: 'auto', choices: QUANTIZATION_CHOICES, restartsEngine: true },
  device: { key: 'device', default: 'auto', choices: DEVICES, restartsEngine: true },
  threads: { key: 'threads', default: 0, range: [0, 64], restartsEngine: true },
  cacheMegabytes: { key: 'cacheMegabytes', default: 256, range: [32, 16_384], restartsEngine: true },
  draftMethod: { key: 'draft.method', default: 'auto', choices: DRAFT_METHODS, restartsEngine: false },
  draftMaxTokens: { key: 'draft.maxTokens', default: 8, range: [1, 15], restartsEngine: false },
  draftTree: { key: 'draft.tree', default: false, restartsEngine: false },
  draftStopConfidence: { key: 'draft.stopConfidence', default: 0, range: [0, 0.95], restartsEngine: false },
  acceptanceMode: { key: 'acceptance.mode', default: 'exact', choices: ACCEPTANCE_MODES, restartsEngine: false },
  acceptanceThreshold: { key: 'acceptance.threshold', default: 0.09, range: [0.01, 1], restartsEngine: false },
};

/**
 * Settings from raw configuration values, each kept inside its range and choices.
 *
 * `onClamped` hears one sentence for each value that had to be changed.
 */
export function readSettings(
  rawValue: (key: string) => unknown,
  onClamped: (sentence: string) => void,
  translate: Translate = untranslated,
): Settings {
  const settings: Record<string, unknown> = {};
  for (const [name, declaration] of Object.entries(SETTINGS)) {
    settings[name] = readSetting(declaration, rawValue(declaration.key), onClamped, translate);
  }
  return settings as unknown as Settings;
}

function readSetting(
  declaration: SettingDeclaration,
  value: unknown,
  onClamped: (sentence: string) => void,
  translate: Translate,
): SettingDeclaration['default'] {
  const name = `foretoken.${declaration.key}`;
  if (value === undefined) {
    return declaration.default;
  }
  if (typeOf(value) !== typeOf(declaration.default)) {
    onClamped(translate('{0} has a value of the wrong type; its default is used.', name));
    return declaration.default;
  }
  if (typeof value === 'number' && declaration.range !== undefined) {
    const [low, high] = declaration.range;
    const clamped = Number.isNaN(value) ? (declaration.default as number) : Math.min(high, Math.max(low, value));
    if (clamped !== value) {
      onClamped(translate('{0} is {1}, outside {2} to {3}; {4} is used.', name, value, low, high, clamped));
    }
    return clamped;
  }
  if (declaration.choices !== undefined && !declaration.choices.includes(value as string)) {
    const choices = declaration.choices.join(', ');
    onClamped(translate('{0} is "{1}", expected one of {2}; its default is used.', name, String(value), choices));
    return declaration.default;
  }
  return value as SettingDeclaration['default'];
}

/** The type as far as settings tell them apart; all lists are lists of strings. */
function typeOf(value: unknown): string {
  if (Array.isArray(value)) {
    return value.every((entry) => typeof entry === 'string') ? 'strings' : 'list';
  }
  return value === null ? 'null' : typeof value;
}

/** Whether completion is on for a language: its own entry, or else `*`. */
export function isLanguageEnabled(settings: Settings, languageId: string): boolean {
  return settings.languages[languageId] ?? settings.languages['*'] ?? true;
}
