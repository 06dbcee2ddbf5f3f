import path from 'node:path';
import * as ort from 'onnxruntime-node';
import type { ModelManifest } from '../../src/model/manifest.ts';

/** Outputs of one forward, by name, as the graph gives them. */
export type Outputs = Readonly<Record<string, ort.Tensor>>;

/** Runs a package's graph with a cache that is kept here, with nothing of the worker between test and graph. */
export interface PackageRunner {
  /** Rows that are cached. */
  readonly length: number;
  /** Runs a chain of ids after the cached rows; `wantIds` are looked up for every scored row. */
  forward(ids: readonly number[], options: ForwardOptions): Promise<Outputs>;
  /** Copies the first `count` new rows of a forward behind the cached ones. */
  commit(outputs: Outputs, count: number): void;
  dispose(): Promise<void>;
}

export interface ForwardOptions {
  readonly scoredRows: readonly number[];
  readonly fetch: readonly string[];
  readonly wantIds?: readonly number[];
}

export async function openPackageRunner(
  directory: string,
  manifest: ModelManifest,
  capacity: number,
  executionProviders: readonly string[] = ['cpu'],
): Promise<PackageRunner> {
  const session = await ort.InferenceSession.create(path.join(directory, manifest.files.graph.name), {
    executionProviders,
    intraOpNumThreads: 2,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const { layers, keyValueHeads, headSize } = manifest.shape;
  const rowsOf = () => new Float32Array(keyValueHeads * capacity * headSize);
  // Keys of layer 0, values of layer 0, keys of layer 1, …: the order of `new_rows`.
  const caches = Array.from({ length: 2 * layers }, rowsOf);
  const cacheShape = [1, keyValueHeads, capacity, headSize];
  let length = 0;
  return {
    get length() {
      return length;
    },
    async forward(ids, { scoredRows, fetch, wantIds = [0] }) {
      const rows = ids.length;
      const total = length + rows;
      const wanted = scoredRows.flatMap(() => wantIds);
      const feeds: Record<string, ort.Tensor> = {
        input_ids: integers(ids, [1, rows]),
        position_ids: integers(
          ids.map((_, row) => length + row),
          [1, rows],
        ),
        seqlens_k: new ort.Tensor('int32', [total - 1], [1]),
        total_sequence_length: new ort.Tensor('int32', [total], []),
        attention_bias: new ort.Tensor('float32', new Float32Array(rows * total), [1, 1, rows, total]),
        logit_rows: integers(scoredRows, [scoredRows.length]),
        want_ids: integers(wanted, [1, scoredRows.length, wantIds.length]),
      };
      for (const [index, cache] of caches.entries()) {
        const name = `past_key_values.${index >> 1}.${index & 1 ? 'value' : 'key'}`;
        feeds[name] = new ort.Tensor('float32', cache, cacheShape);
      }
      return session.run(feeds, [...fetch]);
    },
    commit(outputs, count) {
      const { data, dims } = outputs.new_rows!;
      const newRows = data as Float32Array;
      const rows = dims[1]!;
      for (const [index, cache] of caches.entries()) {
        for (let row = 0; row < count; row++) {
          for (let head = 0; head < keyValueHeads; head++) {
            const from = ((index * rows + row) * keyValueHeads + head) * headSize;
            cache.set(newRows.subarray(from, from + headSize), (head * capacity + length + row) * headSize);
          }
        }
      }
      length += count;
    },
    dispose: () => session.release(),
  };
}

function integers(values: readonly number[], dimensions: readonly number[]): ort.Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dimensions);
}
