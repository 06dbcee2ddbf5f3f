import type { Settings } from '../settings/settings.ts';
import { readSettings, SETTINGS } from '../settings/settings.ts';

/** The settings that the panel tries out and writes. */
export const TUNING_SETTINGS = [
  'draftMethod',
  'draftMaxTokens',
  'draftTree',
  'acceptanceMode',
  'acceptanceThreshold',
] as const satisfies readonly (keyof Settings)[];

export type TuningSettings = Pick<Settings, (typeof TUNING_SETTINGS)[number]>;

export function tuningSettingsOf(settings: TuningSettings): TuningSettings {
  const { draftMethod, draftMaxTokens, draftTree, acceptanceMode, acceptanceThreshold } = settings;
  return { draftMethod, draftMaxTokens, draftTree, acceptanceMode, acceptanceThreshold };
}

/** Settings from an untrusted value; undefined unless every one of them is there and could stand in the settings file. */
export function parseTuningSettings(value: unknown): TuningSettings | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const given = value as Readonly<Record<string, unknown>>;
  if (TUNING_SETTINGS.some((name) => given[name] === undefined)) {
    return undefined;
  }
  const byKey = new Map<string, unknown>(TUNING_SETTINGS.map((name) => [SETTINGS[name].key, given[name]]));
  let isValid = Number.isInteger(given.draftMaxTokens);
  const settings = readSettings(
    (key) => byKey.get(key),
    () => {
      isValid = false;
    },
  );
  return isValid ? tuningSettingsOf(settings) : undefined;
}

export function isSameTuning(left: TuningSettings, right: TuningSettings): boolean {
  return TUNING_SETTINGS.every((name) => left[name] === right[name]);
}
