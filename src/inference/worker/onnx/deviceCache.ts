import type { Tensor } from 'onnxruntime-node';
import type { KeyValueCache } from '../../../engine/targetModel.ts';

/**
 * A cache whose keys and values stay on the device: each forward returns new `present` tensors there, which become the next
 * `past`. Rows beyond the committed ones are ignored by the kernel and overwritten.
 *
 * Only chains can be committed: keeping a path of a tree would mean gathering rows on the device.
 */
export class DeviceCache implements KeyValueCache {
  readonly tokens: number[] = [];
  /** By input name, `past_key_values.{layer}.{key,value}`; empty before the first forward. */
  private pastTensors: Readonly<Record<string, Tensor>> = {};
  private pending: { readonly tokens: readonly number[] } | undefined;

  get past(): Readonly<Record<string, Tensor>> {
    return this.pastTensors;
  }

  get bytes(): number {
    return Object.values(this.pastTensors).reduce((sum, tensor) => sum + tensor.size * 4, 0);
  }

  /** Called by the target model after a forward; the cache owns the tensors from here on. */
  setPending(tokens: readonly number[], present: Readonly<Record<string, Tensor>>): void {
    this.disposeTensors();
    this.pastTensors = present;
    this.pending = { tokens };
  }

  commit(rows: readonly number[]): void {
    const { pending } = this;
    if (pending === undefined) {
      throw new Error('commit without a forward');
    }
    if (rows.some((row, index) => row !== index)) {
      throw new Error('this device keeps chains only');
    }
    this.tokens.push(...pending.tokens.slice(0, rows.length));
    this.pending = undefined;
  }

  /** Not kept yet: draft heads run on the CPU only. */
  lastHiddenStates(): undefined {
    return undefined;
  }

  truncate(length: number): void {
    this.tokens.length = Math.min(this.tokens.length, length);
    this.pending = undefined;
  }

  dispose(): void {
    this.disposeTensors();
    this.pastTensors = {};
    this.truncate(0);
  }

  private disposeTensors(): void {
    for (const tensor of Object.values(this.pastTensors)) {
      tensor.dispose();
    }
  }
}
