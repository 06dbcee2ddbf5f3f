import { createHash } from 'node:crypto';

const SEED = 20261124;

/** A shuffled order that depends on the items' keys and the seed only, not on the order given. */
export function shuffleByKey<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  return items
    .map((item) => ({
      item,
      hash: createHash('sha256')
        .update(`${SEED}/${keyOf(item)}`)
        .digest('hex'),
    }))
    .sort((left, right) => (left.hash < right.hash ? -1 : 1))
    .map(({ item }) => item);
}
