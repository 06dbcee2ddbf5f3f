import type { KeyValueCache } from '../../../engine/targetModel.ts';

/** Sizes that fix the layout of a cache. */
export interface CacheShape {
  readonly layers: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  /** Size of a hidden state. */
  readonly hidden: number;
}

/** What a forward computed for its rows. */
export interface PendingRows {
  readonly tokens: readonly number[];
  /** Keys and values, `(layer × key or value, row, key-value head × head size)`. */
  readonly keyValues: Float32Array;
  /** Final hidden states, `(row, hidden)`. */
  readonly hiddenStates: Float32Array;
}

/** Rows are added in these steps: the runtime's temporary grows with capacity, so it stays near the need (ARCHITECTURE.md, measured facts). */
const CAPACITY_STEP = 256;

/**
 * A cache in host memory, for providers that compute there.
 *
 * One buffer per document, `(layer, key or value, key-value head, capacity, head size)` row-major, lent to the runtime as
 * `past` views. The graph returns only the new rows; `commit` copies the accepted ones in. Rejected rows are never copied,
 * so trees and rollback cost nothing (ARCHITECTURE.md, measured facts). Hidden states are kept beside them for draft heads.
 */
export class HostCache implements KeyValueCache {
  readonly tokens: number[] = [];
  private readonly shape: CacheShape;
  private capacityRows = 0;
  private buffer = new Float32Array(0);
  /** `(capacity, hidden)` */
  private hiddenStates = new Float32Array(0);
  private pending: PendingRows | undefined;

  constructor(shape: CacheShape) {
    this.shape = shape;
  }

  get bytes(): number {
    return this.buffer.byteLength + this.hiddenStates.byteLength;
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
    const { layers, keyValueHeads, headSize, hidden } = this.shape;
    const capacity = Math.ceil(rows / CAPACITY_STEP) * CAPACITY_STEP;
    const grown = new Float32Array(layers * 2 * keyValueHeads * capacity * headSize);
    const used = this.tokens.length * headSize;
    for (let block = 0; block < layers * 2 * keyValueHeads; block++) {
      const from = block * this.capacityRows * headSize;
      grown.set(this.buffer.subarray(from, from + used), block * capacity * headSize);
    }
    const grownStates = new Float32Array(capacity * hidden);
    grownStates.set(this.hiddenStates.subarray(0, this.tokens.length * hidden));
    this.buffer = grown;
    this.hiddenStates = grownStates;
    this.capacityRows = capacity;
  }

  /** Called by the target model after a forward. */
  setPending(pending: PendingRows): void {
    this.pending = pending;
  }

  commit(rows: readonly number[]): void {
    const { pending } = this;
    if (pending === undefined) {
      throw new Error('commit without a forward');
    }
    const { layers, keyValueHeads, headSize, hidden } = this.shape;
    const { keyValues, hiddenStates } = pending;
    const rowSize = keyValueHeads * headSize;
    const forwardRows = keyValues.length / (layers * 2 * rowSize);
    for (let block = 0; block < layers * 2; block++) {
      for (let head = 0; head < keyValueHeads; head++) {
        const to = (block * keyValueHeads + head) * this.capacityRows * headSize;
        rows.forEach((row, index) => {
          const from = (block * forwardRows + row) * rowSize + head * headSize;
          const at = to + (this.tokens.length + index) * headSize;
          this.buffer.set(keyValues.subarray(from, from + headSize), at);
        });
      }
    }
    rows.forEach((row, index) => {
      const state = hiddenStates.subarray(row * hidden, (row + 1) * hidden);
      this.hiddenStates.set(state, (this.tokens.length + index) * hidden);
    });
    this.tokens.push(...rows.map((row) => pending.tokens[row]!));
    this.pending = undefined;
  }

  lastHiddenStates(count: number): Float32Array {
    const end = this.tokens.length;
    const { hidden } = this.shape;
    return this.hiddenStates.subarray(Math.max(0, end - count) * hidden, end * hidden);
  }

  truncate(length: number): void {
    this.tokens.length = Math.min(this.tokens.length, length);
    this.pending = undefined;
  }

  dispose(): void {
    this.buffer = new Float32Array(0);
    this.hiddenStates = new Float32Array(0);
    this.capacityRows = 0;
    this.truncate(0);
  }
}
