import { readSync } from 'node:fs';
import { ModelError } from '../modelError.ts';

const WINDOW_BYTES = 1 << 20;

/**
 * Reads little-endian values from the start of an open file, one window at a time, and never past its end.
 *
 * Throws `ModelError` when the file ends inside a value.
 */
export class HeaderCursor {
  readonly #descriptor: number;
  readonly #fileBytes: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  #position = 0;

  constructor(descriptor: number, fileBytes: number) {
    this.#descriptor = descriptor;
    this.#fileBytes = fileBytes;
  }

  get position(): number {
    return this.#position;
  }

  get remainingBytes(): number {
    return this.#fileBytes - this.#position;
  }

  uint8(): number {
    const start = this.#take(1);
    return this.#window.readUInt8(start);
  }

  uint32(): number {
    const start = this.#take(4);
    return this.#window.readUInt32LE(start);
  }

  /** A count or offset; those beyond 2^53 are returned as `Infinity`, which no bound lets through. */
  uint64(): number {
    const start = this.#take(8);
    const value = this.#window.readBigUInt64LE(start);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Number.POSITIVE_INFINITY;
  }

  int64(): number {
    const start = this.#take(8);
    return Number(this.#window.readBigInt64LE(start));
  }

  float32(): number {
    const start = this.#take(4);
    return this.#window.readFloatLE(start);
  }

  float64(): number {
    const start = this.#take(8);
    return this.#window.readDoubleLE(start);
  }

  text(byteCount: number): string {
    const start = this.#take(byteCount);
    return this.#window.toString('utf8', start, start + byteCount);
  }

  /** A copy of the next bytes, aligned for typed arrays. */
  bytes(byteCount: number): Uint8Array {
    const start = this.#take(byteCount);
    return new Uint8Array(this.#window.subarray(start, start + byteCount));
  }

  /** Makes `byteCount` bytes available and returns their place in the window, which may be a new one. */
  #take(byteCount: number): number {
    if (byteCount > this.remainingBytes) {
      throw new ModelError(
        'damaged',
        `the file is cut short inside its header: it ends after ${this.#fileBytes} bytes; download it again`,
      );
    }
    const start = this.#position - this.#windowStart;
    this.#position += byteCount;
    if (start + byteCount <= this.#window.length) {
      return start;
    }
    this.#windowStart = this.#position - byteCount;
    const wantedBytes = Math.min(Math.max(WINDOW_BYTES, byteCount), this.#fileBytes - this.#windowStart);
    const window = Buffer.allocUnsafe(wantedBytes);
    let filled = 0;
    while (filled < wantedBytes) {
      const read = readSync(this.#descriptor, window, filled, wantedBytes - filled, this.#windowStart + filled);
      if (read === 0) {
        throw new ModelError('damaged', 'the file became shorter while it was read');
      }
      filled += read;
    }
    this.#window = window;
    return 0;
  }
}
