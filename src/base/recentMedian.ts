/** The median of the last few numbers: steady against single ones that are far off. */
export class RecentMedian {
  private readonly values: number[] = [];
  private readonly count: number;

  constructor(count: number) {
    this.count = count;
  }

  add(value: number): void {
    this.values.push(value);
    if (this.values.length > this.count) {
      this.values.shift();
    }
  }

  /** Undefined before the first number. */
  get value(): number | undefined {
    const sorted = [...this.values].sort((left, right) => left - right);
    const middle = sorted.length >>> 1;
    return sorted.length % 2 === 1
      ? sorted[middle]
      : sorted.length === 0
        ? undefined
        : (sorted[middle - 1]! + sorted[middle]!) / 2;
  }
}
