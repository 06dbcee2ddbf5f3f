/** Numbers that look random and depend on the seed only, so that the same corpus and seed give the same samples anywhere. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** Uniform in {low, …, high}. */
  integer(low: number, high: number): number;
  /** Between `low` and `high`, every doubling equally likely. */
  logUniform(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  /** One of the keys, as often as its weight says. */
  pickWeighted<K extends string>(weights: Readonly<Record<K, number>>): K;
}

/** splitmix32 after Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), in 32 bits. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    integer: (low, high) => low + Math.floor(fraction() * (high - low + 1)),
    logUniform: (low, high) => low * (high / low) ** fraction(),
    pick: (items) => {
      if (items.length === 0) {
        throw new Error('there is nothing to pick from');
      }
      return items[Math.floor(fraction() * items.length)]!;
    },
    pickWeighted: (weights) => {
      const entries = Object.entries(weights) as [keyof typeof weights, number][];
      let rest = fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [key, weight] of entries) {
        rest -= weight;
        if (rest < 0) {
          return key;
        }
      }
      return entries.at(-1)![0];
    },
  };
}
