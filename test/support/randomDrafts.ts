import type { Drafter } from '../../src/engine/draft/drafter.ts';
import type { DraftNode, DraftTree } from '../../src/engine/draft/draftTree.ts';
import { randomInteger } from './random.ts';

/**
 * A tree of at most `maxNodes` nodes that hang anywhere. `tokenAfter` is told the tokens from the root down to the node
 * above; a token that a sibling has already is left out.
 */
export function randomTree(
  random: () => number,
  maxNodes: number,
  tokenAfter: (path: readonly number[]) => number,
): DraftTree {
  const nodes: DraftNode[] = [];
  const paths: (readonly number[])[] = [];
  for (let attempt = 0; attempt < maxNodes; attempt++) {
    const parent = randomInteger(random, -1, nodes.length - 1);
    const above = paths[parent] ?? [];
    const token = tokenAfter(above);
    if (!nodes.some((node) => node.parent === parent && node.token === token)) {
      nodes.push({ token, parent, source: 'lookup', bucket: 0, chance: random() });
      paths.push([...above, token]);
    }
  }
  return nodes;
}

/**
 * Drafts random trees, more nodes than are of use now and then, in which the share `rightShare` of the tokens is what the
 * model would say. `rightToken` is told all generated tokens and the drafted ones above.
 */
export function createRandomDrafter(options: {
  readonly random: () => number;
  readonly rightShare: number;
  readonly rightToken: (generated: readonly number[]) => number | undefined;
  readonly wrongToken: () => number;
}): Drafter {
  const { random, rightShare, rightToken, wrongToken } = options;
  return {
    method: 'lookup',
    begin() {},
    propose: ({ generated, maxNodes }) =>
      randomTree(random, randomInteger(random, 0, maxNodes + 2), (path) => {
        const right = random() < rightShare ? rightToken([...generated, ...path]) : undefined;
        return right ?? wrongToken();
      }),
  };
}
