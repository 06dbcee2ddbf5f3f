import type { Result } from '../../base/result.ts';
import { err, ok } from '../../base/result.ts';
import type { Translate } from '../../base/translate.ts';
import type { Settings } from '../../settings/settings.ts';
import { SETTINGS } from '../../settings/settings.ts';
import type { Choice } from './choice.ts';

export type AcceptanceChoice =
  | { readonly mode: 'exact' }
  | { readonly mode: 'typical'; readonly threshold: number }
  /** Typical, with a number that is asked for. */
  | { readonly mode: 'other' };

/** Thresholds worth trying, from the quickest to the strictest. */
export const THRESHOLD_PRESETS = [0.05, 0.09, 0.2, 0.4] as const;

/** Exact acceptance, typical acceptance with each preset, and any other number. */
export function acceptanceChoices(
  current: Pick<Settings, 'acceptanceMode' | 'acceptanceThreshold'>,
  translate: Translate,
): readonly Choice<AcceptanceChoice>[] {
  const isTypical = current.acceptanceMode === 'typical';
  const isPreset = THRESHOLD_PRESETS.some((threshold) => threshold === current.acceptanceThreshold);
  return [
    {
      value: { mode: 'exact' },
      label: 'exact',
      description: '',
      detail: translate('Keeps what the model itself would have written'),
      isCurrent: !isTypical,
    },
    ...THRESHOLD_PRESETS.map((threshold) => ({
      value: { mode: 'typical', threshold } as const,
      label: `typical ${threshold}`,
      description: threshold === SETTINGS.acceptanceThreshold.default ? translate('default of typical') : '',
      detail: describePreset(threshold, translate),
      isCurrent: isTypical && threshold === current.acceptanceThreshold,
    })),
    {
      value: { mode: 'other' },
      label: translate('typical with another threshold…'),
      description: isTypical && !isPreset ? String(current.acceptanceThreshold) : '',
      detail: translate('The least probability that is accepted where the model is sure of itself'),
      isCurrent: isTypical && !isPreset,
    },
  ];
}

/** A threshold as somebody types it, with a decimal point or comma; the error is for the input box. */
export function parseThreshold(text: string, translate: Translate): Result<number, string> {
  const [low, high] = SETTINGS.acceptanceThreshold.range!;
  const trimmed = text.trim().replace(',', '.');
  const value = trimmed === '' ? Number.NaN : Number(trimmed);
  return value >= low && value <= high ? ok(value) : err(translate('Enter a number from {0} to {1}.', low, high));
}

function describePreset(threshold: (typeof THRESHOLD_PRESETS)[number], translate: Translate): string {
  switch (threshold) {
    case 0.05:
      return translate('Accepts most: quickest, and the text strays furthest from exact');
    case 0.09:
      return translate('Accepts what the model finds probable enough');
    case 0.2:
      return translate('Accepts less: nearer to the exact text');
    case 0.4:
      return translate('Accepts least of these: nearest to the exact text, with the least gain');
  }
}
