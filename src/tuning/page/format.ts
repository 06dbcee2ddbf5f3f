/** Numbers in words, as the user's language writes them; a dash where there is nothing to say. */
const NOTHING = '–';

export function formatNumber(value: number | undefined, digits = 0): string {
  return value === undefined
    ? NOTHING
    : new Intl.NumberFormat(document.documentElement.lang || 'en', {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }).format(value);
}

export function formatPercent(share: number | undefined): string {
  if (share === undefined) {
    return NOTHING;
  }
  return share > 0 && share < 0.01 ? `<${formatNumber(1)} %` : `${formatNumber(100 * share)} %`;
}

export function formatMilliseconds(ms: number | undefined): string {
  return ms === undefined ? NOTHING : `${formatNumber(ms, ms < 10 ? 1 : 0)} ms`;
}

export function formatMegabytes(bytes: number | undefined): string {
  return bytes === undefined ? NOTHING : `${formatNumber(bytes / 1e6)} MB`;
}

export function formatFactor(factor: number | undefined): string {
  return factor === undefined ? NOTHING : `${formatNumber(factor, 2)}×`;
}

export function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}

/** A token with what cannot be seen made visible. */
export function visibleToken(text: string): string {
  return text
    .replaceAll(' ', '·')
    .replaceAll('\t', '→')
    .replaceAll('\n', '⏎')
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
