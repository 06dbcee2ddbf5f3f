import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { PackageFile } from '../manifest.ts';

/** One file of a package in the making: written front to back, hashed on the way. */
export class PackageFileWriter {
  readonly #name: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  private constructor(name: string, handle: FileHandle) {
    this.#name = name;
    this.#handle = handle;
  }

  static async create(directory: string, name: string): Promise<PackageFileWriter> {
    return new PackageFileWriter(name, await open(path.join(directory, name), 'wx'));
  }

  get name(): string {
    return this.#name;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      written += (await this.#handle.write(bytes, written)).bytesWritten;
    }
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  /** Fills up with zeros until the next byte's offset is a multiple of `alignment`. */
  async align(alignment: number): Promise<void> {
    const missing = (alignment - (this.#bytes % alignment)) % alignment;
    if (missing > 0) {
      await this.write(new Uint8Array(missing));
    }
  }

  /** Puts the file on the disk and says what the manifest must say about it. */
  async finish(): Promise<PackageFile> {
    await this.#handle.sync();
    await this.#handle.close();
    return { name: this.#name, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** Closes a file that will be thrown away. */
  async abandon(): Promise<void> {
    await this.#handle.close();
  }
}

/** Writes a whole file of a package. */
export async function writePackageFile(directory: string, name: string, bytes: Uint8Array): Promise<PackageFile> {
  const file = await PackageFileWriter.create(directory, name);
  try {
    await file.write(bytes);
  } catch (error) {
    await file.abandon();
    throw error;
  }
  return file.finish();
}
