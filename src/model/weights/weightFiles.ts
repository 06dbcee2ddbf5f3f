import type { PackageFile } from '../manifest.ts';
import { ModelError } from '../modelError.ts';
import { PackageFileWriter } from './packageFileWriter.ts';
import type { StoredTensor, TensorType } from './storedTensor.ts';

/** Files stay below 2 GB, the limit of some file systems and of 32-bit offsets in readers; 1 GB leaves room. */
const MAX_FILE_BYTES = 1_000_000_000;
const MAX_TENSOR_BYTES = 2_000_000_000;
/** Smaller tensors go into the graph file: norms and biases. */
const MIN_EXTERNAL_BYTES = 16_384;
/** Weight files are memory-mapped; ranges begin on a page. */
const PAGE_BYTES = 4096;

/** Writes the tensors of a package one after another, into as many weight files as their sizes need. */
export class WeightFiles {
  readonly #directory: string;
  readonly #maxFileBytes: number;
  readonly #baseName: string;
  readonly #finished: PackageFile[] = [];
  #current: PackageFileWriter | undefined;

  /** Files are called `<baseName>-0.bin` and so on; the base name defaults to `weights`. */
  constructor(directory: string, maxFileBytes: number = MAX_FILE_BYTES, baseName = 'weights') {
    this.#directory = directory;
    this.#maxFileBytes = maxFileBytes;
    this.#baseName = baseName;
  }

  /** Stores a tensor that is whole in memory; it may be kept in the graph file, so the caller no longer changes it. */
  async add(name: string, type: TensorType, dimensions: readonly number[], bytes: Uint8Array): Promise<StoredTensor> {
    if (bytes.length < MIN_EXTERNAL_BYTES) {
      return { name, type, dimensions, data: { kind: 'inline', bytes } };
    }
    return this.stream(name, type, dimensions, bytes.length, (write) => write(bytes));
  }

  /** Stores a tensor piece by piece; `produce` must write exactly `byteCount` bytes. */
  async stream(
    name: string,
    type: TensorType,
    dimensions: readonly number[],
    byteCount: number,
    produce: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<StoredTensor> {
    if (byteCount > MAX_TENSOR_BYTES) {
      throw new ModelError(
        'unsupported',
        `its tensor "${name}" would take ${byteCount} bytes, more than one weight file may have; build it as q8`,
      );
    }
    const file = await this.#fileFor(byteCount);
    await file.align(PAGE_BYTES);
    const offset = file.bytes;
    await produce((bytes) => file.write(bytes));
    if (file.bytes - offset !== byteCount) {
      throw new Error(`${name}: wrote ${file.bytes - offset} bytes, announced ${byteCount}`);
    }
    return { name, type, dimensions, data: { kind: 'external', file: file.name, offset, bytes: byteCount } };
  }

  async finish(): Promise<readonly PackageFile[]> {
    await this.#finishCurrent();
    return this.#finished;
  }

  async abandon(): Promise<void> {
    await this.#current?.abandon();
    this.#current = undefined;
  }

  async #fileFor(byteCount: number): Promise<PackageFileWriter> {
    if (this.#current !== undefined && this.#current.bytes + byteCount + PAGE_BYTES > this.#maxFileBytes) {
      await this.#finishCurrent();
    }
    this.#current ??= await PackageFileWriter.create(this.#directory, `${this.#baseName}-${this.#finished.length}.bin`);
    return this.#current;
  }

  async #finishCurrent(): Promise<void> {
    if (this.#current !== undefined) {
      this.#finished.push(await this.#current.finish());
      this.#current = undefined;
    }
  }
}
