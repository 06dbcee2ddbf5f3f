/**
 * A copy in an order that depends on the seed only, so that a limited run takes the same rows everywhere.
 *
 * Fisher–Yates (Knuth, TAOCP 2, §3.4.2, algorithm P) over a 32-bit linear congruential generator with the multiplier and
 * increment of Numerical Recipes §7.1; its upper bits are good enough to pick rows.
 */
export function seededShuffle<T>(items: readonly T[], seed: number): readonly T[] {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  // Neighbouring seeds start with neighbouring states; a few steps part them.
  for (let warmUp = 0; warmUp < 8; warmUp++) {
    next();
  }
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(next() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}
