/**
 * Numbers pairs of integers from 0 in the order in which they first come up; a `Map` with millions of such keys takes ten
 * times the memory.
 */
export class PairIds {
  /** By number. */
  first: Int32Array = new Int32Array(1 << 16);
  second: Int32Array = new Int32Array(1 << 16);
  private count = 0;
  /** Number + 1 by hash, 0 where free; linear probing, at most half full. */
  private slots = new Int32Array(1 << 17);

  get size(): number {
    return this.count;
  }

  /** The number of a pair, a new one when it was not seen before. */
  add(first: number, second: number): number {
    const slot = this.slotOf(first, second);
    if (this.slots[slot] !== 0) {
      return this.slots[slot]! - 1;
    }
    if (this.count === this.first.length) {
      this.grow();
      return this.add(first, second);
    }
    this.first[this.count] = first;
    this.second[this.count] = second;
    this.slots[slot] = ++this.count;
    return this.count - 1;
  }

  /** The number of a pair, or -1. */
  find(first: number, second: number): number {
    return this.slots[this.slotOf(first, second)]! - 1;
  }

  private slotOf(first: number, second: number): number {
    const mask = this.slots.length - 1;
    let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    let slot = (hash ^ (hash >>> 13)) & mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const number = this.slots[slot]! - 1;
      if (this.first[number] === first && this.second[number] === second) {
        break;
      }
    }
    return slot;
  }

  private grow(): void {
    this.first = doubled(this.first);
    this.second = doubled(this.second);
    this.slots = new Int32Array(this.slots.length * 2);
    for (let number = 0; number < this.count; number++) {
      this.slots[this.slotOf(this.first[number]!, this.second[number]!)] = number + 1;
    }
  }
}

/** Counts by number, as many numbers as there will be. */
export class Counts {
  values: Int32Array = new Int32Array(1 << 16);

  increment(number: number): void {
    this.reserve(number);
    this.values[number]!++;
  }

  /** Makes room for a number. */
  reserve(number: number): void {
    while (number >= this.values.length) {
      this.values = doubled(this.values);
    }
  }
}

function doubled(values: Int32Array): Int32Array {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}
