export interface WindowShape {
  readonly keyValueHeads: number;
  readonly headSize: number;
  /** Rows that must be kept. */
  readonly window: number;
}

/** Rows between two moves of the window. */
const SPARE_ROWS = 64;

/**
 * Keys and values of the latest rows of one attention layer, each `(key-value head, capacity, head size)`.
 *
 * Rows are appended behind each other; when the room is used up, the last `window` rows move to the front. Keys are rotated
 * by their own positions, so moving a row does not change it.
 */
export class WindowCache {
  readonly capacity: number;
  readonly keys: Float32Array;
  readonly values: Float32Array;
  private readonly shape: WindowShape;
  private rows = 0;

  constructor(shape: WindowShape) {
    const { keyValueHeads, headSize, window } = shape;
    this.shape = shape;
    // A window of new rows always fits behind a kept one.
    this.capacity = 2 * window + SPARE_ROWS;
    this.keys = new Float32Array(keyValueHeads * this.capacity * headSize);
    this.values = new Float32Array(keyValueHeads * this.capacity * headSize);
  }

  get rowCount(): number {
    return this.rows;
  }

  /** Makes room for this many rows, at most a window. */
  reserve(newRows: number): void {
    const { window } = this.shape;
    if (this.rows + newRows <= this.capacity) {
      return;
    }
    const first = this.rows - window;
    this.eachHead((start, headSize) => {
      for (const rows of [this.keys, this.values]) {
        rows.copyWithin(start, start + first * headSize, start + this.rows * headSize);
      }
    });
    this.rows = window;
  }

  /** `newRows` is `(2, rows, key-value heads · head size)`: keys, then values. There must be room. */
  append(newRows: Float32Array): void {
    const { keyValueHeads, headSize } = this.shape;
    const rowSize = keyValueHeads * headSize;
    const count = newRows.length / (2 * rowSize);
    this.eachHead((start, _, head) => {
      for (const [part, rows] of [this.keys, this.values].entries()) {
        for (let row = 0; row < count; row++) {
          const from = (part * count + row) * rowSize + head * headSize;
          rows.set(newRows.subarray(from, from + headSize), start + (this.rows + row) * headSize);
        }
      }
    });
    this.rows += count;
  }

  forgetLast(count: number): void {
    this.rows = Math.max(0, this.rows - count);
  }

  private eachHead(visit: (start: number, headSize: number, head: number) => void): void {
    const { keyValueHeads, headSize } = this.shape;
    for (let head = 0; head < keyValueHeads; head++) {
      visit(head * this.capacity * headSize, headSize, head);
    }
  }
}
