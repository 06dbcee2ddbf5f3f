import { strict as assert } from 'node:assert';
import { parseMethods, unavailableMethods } from '../../../src/cli/benchMethods.ts';
import { benchOrder } from '../../../src/cli/benchOrder.ts';
import type { DraftMethod } from '../../../src/engine/draft/drafter.ts';
import type { LoadedModelInfo } from '../../../src/inference/protocol.ts';

const model: LoadedModelInfo = {
  id: 'test',
  quantization: 'q8',
  device: 'cpu',
  threads: 1,
  contextLength: 4096,
  availableMethods: ['off', 'lookup', 'auto'],
  loadMs: 1,
};

describe('methods of a benchmark', () => {
  const lists: readonly (readonly [list: string, methods: readonly DraftMethod[]])[] = [
    ['auto,lookup', ['off', 'auto', 'lookup']],
    ['lookup, off ,lookup', ['off', 'lookup']],
    ['off', ['off']],
  ];
  for (const [list, methods] of lists) {
    it(`of "${list}" are ${methods.join(', ')}`, () => {
      assert.deepEqual(parseMethods(list), methods);
    });
  }

  it('are left out with a reason when the loaded model does not offer them', () => {
    assert.deepEqual(unavailableMethods(model, ['off', 'lookup', 'mtp']), {
      mtp: "the model's package has no mtp heads",
    });
  });

  it('take turns in going first, from round to round and from position to position', () => {
    const orders = [0, 1].flatMap((position) =>
      [0, 1, 2].map((round) => benchOrder(['a', 'b', 'c'], position, round).join('')),
    );
    assert.deepEqual(orders, ['abc', 'bca', 'cab', 'bca', 'cab', 'abc']);
  });
});
