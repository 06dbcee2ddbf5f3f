import type { DraftNode, DraftTree } from './draftTree.ts';

/**
 * One tree of two: equal tokens below equal parents become one node, with the source of the better chance. Its chance is that one of
 * the two is right, as if they erred independently: what both say is likelier than what either says.
 *
 * Children of one node exclude each other, so their chances are scaled down where they sum to more than one.
 */
export function mergeDrafts(first: DraftTree, second: DraftTree): DraftTree {
  if (first.length === 0 || second.length === 0) {
    return first.length === 0 ? second : first;
  }
  const merged: DraftNode[] = [...first];
  const newIndex = new Map<number, number>([[-1, -1]]);
  second.forEach((node, index) => {
    const parent = newIndex.get(node.parent)!;
    const same = merged.findIndex((other) => other.parent === parent && other.token === node.token);
    if (same === -1) {
      newIndex.set(index, merged.length);
      merged.push({ ...node, parent });
      return;
    }
    newIndex.set(index, same);
    const other = merged[same]!;
    const better = node.chance > other.chance ? { ...node, parent } : other;
    merged[same] = { ...better, chance: 1 - (1 - node.chance) * (1 - other.chance) };
  });
  const sums = new Map<number, number>();
  for (const { parent, chance } of merged) {
    sums.set(parent, (sums.get(parent) ?? 0) + chance);
  }
  return merged.map((node) => ({ ...node, chance: node.chance / Math.max(1, sums.get(node.parent)!) }));
}
