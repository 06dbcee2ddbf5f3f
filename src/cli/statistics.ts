/** The value below which the share `fraction` (0–1) of the values lies, by linear interpolation; 0 for no values. */
export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) {
    return 0;
  }
  const sorted = [...values].sort((left, right) => left - right);
  const rank = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(rank)]!;
  return low + (sorted[Math.ceil(rank)]! - low) * (rank - Math.floor(rank));
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of values above 0; 0 for no values. */
export function geometricMean(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.exp(mean(values.map(Math.log)));
}
