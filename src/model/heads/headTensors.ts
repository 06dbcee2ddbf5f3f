/**
 * The tensors of a head file. H = hidden size, D = draft vocabulary, r = rank, F = any width. F16, or I8 with a companion
 * `<name>.scale`, F16, one per row; matrices are (outputs, inputs), row-major.
 *
 * - Both: `draft_vocabulary` I32 [D], ascending ids. Draft logits of z are z · (rows of the model's output head)ᵀ.
 * - Medusa, head k, guesses the token k + 2 after the row's token: `medusa.{k}.skip` S and `.weight` W [H, H], `.bias` b [H];
 *   z = h·Sᵀ + silu(h·Wᵀ + b), h the final hidden state after the last norm. Optional `medusa.bias.in` and `.out` [D, r]:
 *   out · in[previous] is added to the logits, previous being the last known token and then the best guess of head k − 1; a
 *   token outside the draft vocabulary adds nothing.
 * - MTP, row i, t the token that follows it: x = proj · [rms(h)·norm_hidden ; rms(e(t))·norm_embedding] with
 *   `mtp.norm_hidden`, `mtp.norm_embedding` [H], `mtp.proj` [H, 2H] and e the model's embedding; then a pre-norm block as the
 *   model's own: `mtp.attention_norm`, `mtp.{query,key,value}.weight` and, all or none, `.bias`, `mtp.output`,
 *   `mtp.feed_forward_norm`, `mtp.gate`, `mtp.up` [F, H], `mtp.down` [H, F]; z = rms(block)·`mtp.norm_out`. z stands for h in
 *   the row of the drafted token. Head counts and sizes, rotary base and the norms' epsilon are the model's.
 */

import { ModelError } from '../modelError.ts';
import type { SafetensorsTensor } from '../safetensors.ts';
import { tensorValues } from '../safetensors.ts';
import type { WeightMatrix } from '../source/modelSource.ts';

/** The tensors of one set of draft heads, each checked against the shape that it must have. */
export class HeadTensors {
  readonly #tensors: ReadonlyMap<string, SafetensorsTensor>;

  constructor(tensors: ReadonlyMap<string, SafetensorsTensor>) {
    this.#tensors = tensors;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** Sizes of a tensor whose sizes are not known beforehand. */
  dimensions(name: string): readonly number[] {
    return this.#get(name).dimensions;
  }

  /** Whole in memory: the files are small. */
  matrix(name: string, rows: number, columns: number): WeightMatrix {
    const values = this.#values(name, [rows, columns]);
    return {
      rows,
      columns,
      readRows: async (firstRow, rowCount, into) => {
        into.set(values.subarray(firstRow * columns, (firstRow + rowCount) * columns));
      },
    };
  }

  vector(name: string, length: number): Float32Array {
    return this.#values(name, [length]);
  }

  /** Ids of the draft vocabulary: ascending, below `vocabulary`, at least `atLeast`. */
  draftVocabulary(vocabulary: number, atLeast: number): readonly number[] {
    const name = 'draft_vocabulary';
    const { type, dimensions, bytes } = this.#get(name);
    if (type !== 'I32' || dimensions.length !== 1) {
      throw new ModelError('damaged', `its tensor "${name}" is not a list of I32`);
    }
    const ids = [...new Int32Array(Uint8Array.from(bytes).buffer)];
    const isAscending = ids.every((id, index) => id >= 0 && id < vocabulary && (index === 0 || id > ids[index - 1]!));
    if (ids.length < atLeast || !isAscending) {
      throw new ModelError('damaged', `its tensor "${name}" is not an ascending list of token ids below ${vocabulary}`);
    }
    return ids;
  }

  /** I8 tensors have one F16 scale per row beside them, in `<name>.scale`. */
  #values(name: string, dimensions: readonly number[]): Float32Array {
    const tensor = this.#get(name, dimensions);
    const values = tensorValues(tensor);
    if (tensor.type === 'I8') {
      const rows = dimensions[0]!;
      const scales = tensorValues(this.#get(`${name}.scale`, [rows]));
      const columns = values.length / rows;
      values.forEach((value, index) => {
        values[index] = value * scales[Math.floor(index / columns)]!;
      });
    } else if (tensor.type === 'I32') {
      throw new ModelError('unsupported', `its tensor "${name}" is stored as I32, expected F16 or I8`);
    }
    if (!values.every(Number.isFinite)) {
      throw new ModelError('damaged', `its tensor "${name}" has values that are not numbers`);
    }
    return values;
  }

  #get(name: string, dimensions?: readonly number[]): SafetensorsTensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw new ModelError('damaged', `it lacks the tensor "${name}"`);
    }
    if (dimensions !== undefined && tensor.dimensions.join() !== dimensions.join()) {
      const found = tensor.dimensions.join(' × ');
      throw new ModelError('damaged', `its tensor "${name}" is ${found}, expected ${dimensions.join(' × ')}`);
    }
    return tensor;
  }
}
