/**
 * The order in which the methods run in one round of one position.
 *
 * It turns by one from round to round and from position to position, so that going first (on a processor that is still
 * cool, after another method's memory traffic) falls to every method equally often.
 */
export function benchOrder<T>(methods: readonly T[], position: number, round: number): readonly T[] {
  const first = (position + round) % methods.length;
  return [...methods.slice(first), ...methods.slice(0, first)];
}
