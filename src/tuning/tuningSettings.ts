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

/** Changed settings from an untrusted value; undefined unless there are some and each could stand in the settings file. */
export function parseTuningChanges(value: unknown): Partial<TuningSettings> | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const given = value as Readonly<Record<string, unknown>>;
  const names = TUNING_SETTINGS.filter((name) => given[name] !== undefined);
  const byKey = new Map<string, unknown>(names.map((name) => [SETTINGS[name].key, given[name]]));
  let isValid = names.length > 0 && (given.draftMaxTokens === undefined || Number.isInteger(given.draftMaxTokens));
  const settings = readSettings(
    (key) => byKey.get(key),
    () => {
      isValid = false;
    },
  );
  return isValid ? Object.fromEntries(names.map((name) => [name, settings[name]])) : undefined;
}

export function isSameTuning(left: TuningSettings, right: TuningSettings): boolean {
  return TUNING_SETTINGS.every((name) => left[name] === right[name]);
}
