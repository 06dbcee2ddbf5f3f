import type { KeyValueCache } from '../../../engine/targetModel.ts';

/** Sizes that fix the layout of a cache. */
export interface CacheShape {
  readonly layers: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
}

/** Rows are added in these steps: the runtime's temporary grows with capacity, so it stays near the need (ARCHITECTURE.md, measured facts). */
const CAPACITY_STEP = 256;

/**
 * A cache in host memory, for providers that compute there.
 *
 * One buffer per document, `(layer, key or value, key-value head, capacity, head size)` row-major, lent to the runtime as
 * `past` views. The graph returns only the new rows, `(layer × key or value, row, key-value head × head size)`; `commit` copies the accepted
 * ones in. Rejected rows are never copied, so trees and rollback cost nothing (ARCHITECTURE.md, measured facts).
 */
export class HostCache implements KeyValueCache {
  readonly tokens: number[] = [];
  private readonly shape: CacheShape;
  private capacityRows = 0;
  private buffer = new Float32Array(0);
  private pending: { readonly tokens: readonly number[]; readonly rows: Float32Array } | undefined;

  constructor(shape: CacheShape) {
    this.shape = shape;
  }

  get bytes(): number {
    return this.buffer.byteLength;
  }

  get capacity(): number {
    return this.capacityRows;
  }

  /** `(1, key-value head, capacity, head size)` of one layer's keys (0) or values (1); a view, valid until `reserve` grows. */
  view(layer: number, part: 0 | 1): Float32Array {
    const { keyValueHeads, headSize } = this.shape;
    const size = keyValueHeads * this.capacityRows * headSize;
    const start = (layer * 2 + part) * size;
    return this.buffer.subarray(start, start + size);
  }

  /** Makes room for this many rows in all, keeping what is committed. */
  reserve(rows: number): void {
    if (rows <= this.capacityRows) {
      return;
    }
    const { layers, keyValueHeads, headSize } = this.shape;
    const capacity = Math.ceil(rows / CAPACITY_STEP) * CAPACITY_STEP;
    const grown = new Float32Array(layers * 2 * keyValueHeads * capacity * headSize);
    const used = this.tokens.length * headSize;
    for (let block = 0; block < layers * 2 * keyValueHeads; block++) {
      const from = block * this.capacityRows * headSize;
      grown.set(this.buffer.subarray(from, from + used), block * capacity * headSize);
    }
    this.buffer = grown;
    this.capacityRows = capacity;
  }

  /** Called by the target model after a forward, with its tokens and the graph's `new_rows`. */
  setPending(tokens: readonly number[], rows: Float32Array): void {
    this.pending = { tokens, rows };
  }

  commit(rows: readonly number[]): void {
    const { pending } = this;
    if (pending === undefined) {
      throw new Error('commit without a forward');
    }
    const { layers, keyValueHeads, headSize } = this.shape;
    const rowSize = keyValueHeads * headSize;
    const forwardRows = pending.rows.length / (layers * 2 * rowSize);
    for (let block = 0; block < layers * 2; block++) {
      for (let head = 0; head < keyValueHeads; head++) {
        const to = (block * keyValueHeads + head) * this.capacityRows * headSize;
        rows.forEach((row, index) => {
          const from = (block * forwardRows + row) * rowSize + head * headSize;
          const at = to + (this.tokens.length + index) * headSize;
          this.buffer.set(pending.rows.subarray(from, from + headSize), at);
        });
      }
    }
    this.tokens.push(...rows.map((row) => pending.tokens[row]!));
    this.pending = undefined;
  }

  truncate(length: number): void {
    this.tokens.length = Math.min(this.tokens.length, length);
    this.pending = undefined;
  }

  dispose(): void {
    this.buffer = new Float32Array(0);
    this.capacityRows = 0;
    this.truncate(0);
  }
}
