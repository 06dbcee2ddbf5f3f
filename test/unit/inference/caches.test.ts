import assert from 'node:assert/strict';
import type { KeyValueCache, TargetModel } from '../../../src/engine/targetModel.ts';
import { DocumentCaches } from '../../../src/inference/worker/documentCaches.ts';
import type { PendingRows } from '../../../src/inference/worker/onnx/hostCache.ts';
import { HostCache } from '../../../src/inference/worker/onnx/hostCache.ts';
import { createRandom, randomInteger } from '../../support/random.ts';

const shape = { layers: 2, keyValueHeads: 2, headSize: 3, hidden: 2 };

/** Rows of a forward in which every number says where it belongs: layer-part, row, head, element. */
function rowsOf(tokens: readonly number[], tag: number): PendingRows {
  const count = tokens.length;
  const rows: number[] = [];
  for (let block = 0; block < shape.layers * 2; block++) {
    for (let row = 0; row < count; row++) {
      for (let head = 0; head < shape.keyValueHeads; head++) {
        for (let element = 0; element < shape.headSize; element++) {
          rows.push(tag + block * 1000 + row * 100 + head * 10 + element);
        }
      }
    }
  }
  const hiddenStates = Float32Array.from(tokens.flatMap((token) => [token, -token]));
  return { tokens, keyValues: Float32Array.from(rows), hiddenStates };
}

describe('HostCache', () => {
  it('keeps the committed rows of a path in order, through growth and truncation', () => {
    const cache = new HostCache(shape);
    cache.reserve(10);
    cache.setPending(rowsOf([7, 8, 9, 10], 0));
    cache.commit([0, 1, 2, 3]);
    cache.truncate(3);
    cache.setPending(rowsOf([20, 21, 22], 10_000));
    cache.commit([0, 2]);
    cache.reserve(1000);
    assert.deepEqual(cache.tokens, [7, 8, 9, 20, 22]);
    assert.deepEqual([...cache.lastHiddenStates(2)], [20, -20, 22, -22]);
    assert.equal(cache.lastHiddenStates(100).length, 5 * shape.hidden);
    for (let layer = 0; layer < shape.layers; layer++) {
      for (const part of [0, 1] as const) {
        for (let head = 0; head < shape.keyValueHeads; head++) {
          const view = cache.view(layer, part);
          const start = head * cache.capacity * shape.headSize;
          const rows = [0, 1, 2, 3, 4].map((row) => view[start + row * shape.headSize + 1]! - head * 10 - 1);
          const block = (layer * 2 + part) * 1000;
          assert.deepEqual(
            rows,
            [0, 100, 200, 10_000, 10_200].map((value) => value + block),
          );
        }
      }
    }
  });

  it('refuses to commit what no forward left', () => {
    const cache = new HostCache(shape);
    assert.throws(() => cache.commit([0]), /without a forward/);
  });
});

describe('DocumentCaches', () => {
  it('throws away the least recently used documents beyond the limit, never the one in use', () => {
    const disposed: string[] = [];
    let made = 0;
    const model = {
      createCache: (): KeyValueCache => {
        const name = String(made++);
        const cache = { tokens: [], bytes: 40, commit() {}, truncate() {}, lastHiddenStates: () => undefined };
        return { ...cache, dispose: () => disposed.push(name) };
      },
    } as unknown as TargetModel;
    const caches = new DocumentCaches(model, 100);
    for (const document of ['a', 'b', 'a', 'c']) {
      caches.use(document);
      caches.trim();
    }
    assert.deepEqual(disposed, ['1']);
    assert.equal(caches.bytes, 80);
    caches.drop('a');
    caches.drop('unknown');
    assert.deepEqual([disposed, caches.bytes], [['1', '0'], 40]);
    const small = new DocumentCaches(model, 1);
    small.use('x');
    small.trim();
    assert.equal(small.bytes, 40);
  });

  it('keeps the caches of several documents inside the limit, whatever is read into them', () => {
    const model = { createCache: () => new HostCache(shape) } as unknown as TargetModel;
    const limitBytes = 600_000;
    const caches = new DocumentCaches(model, limitBytes);
    const random = createRandom(5);
    let mostBytes = 0;
    for (let round = 0; round < 300; round++) {
      const document = `d${randomInteger(random, 0, 12)}`;
      const cache = caches.use(document) as HostCache;
      const rows = randomInteger(random, 1, 1200);
      cache.truncate(0);
      cache.reserve(rows);
      caches.trim();
      assert.equal(caches.use(document), cache, 'the document in use keeps its cache');
      assert.ok(caches.bytes <= Math.max(limitBytes, cache.bytes));
      mostBytes = Math.max(mostBytes, caches.bytes - cache.bytes);
    }
    assert.ok(mostBytes > limitBytes / 2, 'the other documents keep what fits');
  });
});
