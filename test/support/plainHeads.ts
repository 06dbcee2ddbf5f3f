import type { ModelSource } from '../../src/model/source/modelSource.ts';
import type { Rows } from './plainForward.ts';
import { added, dot, normalized, product, rotate, rowsOf } from './plainForward.ts';
import type { RandomHeads } from './randomHeads.ts';

/** Draft logits, `(rows, draft vocabulary)`, and what they were made of. */
export interface PlainGuesses {
  readonly logits: Rows;
  readonly states: Rows;
}

/** Medusa heads by their formulas in plain loops. */
export async function plainMedusa(
  source: ModelSource,
  { draftVocabulary, tensors }: RandomHeads,
  hidden: readonly number[],
  lastToken: number,
): Promise<Rows> {
  const matrix = (name: string) => matrixOf(tensors, name);
  const table = await draftRows(source, draftVocabulary);
  const logits: number[][] = [];
  let previous = draftVocabulary.indexOf(lastToken);
  for (let head = 0; tensors.has(`medusa.${head}.skip`); head++) {
    const [skip] = product([hidden], matrix(`medusa.${head}.skip`));
    const [gate] = product([hidden], matrix(`medusa.${head}.weight`), tensors.get(`medusa.${head}.bias`)!.values);
    const z = skip!.map((value, index) => value + silu(gate![index]!));
    let row = [...product([z], table)[0]!];
    if (tensors.has('medusa.bias.in') && previous !== -1) {
      const bias = product([matrix('medusa.bias.in')[previous]!], matrix('medusa.bias.out'))[0]!;
      row = row.map((value, index) => value + bias[index]!);
    }
    logits.push(row);
    previous = row.indexOf(Math.max(...row));
  }
  return logits;
}

/** The block over a whole sequence at once, each row attending to the last `window` rows, itself included. */
export async function plainMtp(
  source: ModelSource,
  { draftVocabulary, tensors }: RandomHeads,
  rows: { readonly hidden: Rows; readonly nextTokens: readonly number[]; readonly firstPosition: number },
  window: number,
): Promise<PlainGuesses> {
  const { heads, keyValueHeads, headSize, normEpsilon, ropeBase } = source.shape;
  const matrix = (name: string) => matrixOf(tensors, name);
  const norm = (name: string, values: Rows) =>
    normalized(values, Float32Array.from(tensors.get(name)!.values), normEpsilon);
  const embedding = await rowsOf(source.embedding ?? source.head);
  const hiddenHalf = norm('mtp.norm_hidden', rows.hidden);
  const embeddingHalf = norm(
    'mtp.norm_embedding',
    rows.nextTokens.map((id) => embedding[id]!),
  );
  const x = product(
    hiddenHalf.map((half, row) => [...half, ...embeddingHalf[row]!]),
    matrix('mtp.proj'),
  );
  const input = norm('mtp.attention_norm', x);
  const project = (name: string) =>
    product(input, matrix(`mtp.${name}.weight`), tensors.get(`mtp.${name}.bias`)?.values);
  const rotated = (values: Rows) =>
    values.map((value, row) => rotate(value, rows.firstPosition + row, headSize, ropeBase));
  const [queries, keys, values] = [rotated(project('query')), rotated(project('key')), project('value')];
  const part = (vector: readonly number[], head: number) => vector.slice(head * headSize, (head + 1) * headSize);
  const attended = queries.map((query, row) =>
    Array.from({ length: heads }, (_, head) => {
      const keyHead = Math.floor(head / (heads / keyValueHeads));
      const first = Math.max(0, row - window + 1);
      const visible = keys.slice(first, row + 1);
      const scores = visible.map((key) => dot(part(query, head), part(key, keyHead)) / Math.sqrt(headSize));
      const weights = softmax(scores);
      return Array.from({ length: headSize }, (_, index) =>
        weights.reduce((sum, weight, key) => sum + weight * part(values[first + key]!, keyHead)[index]!, 0),
      );
    }).flat(),
  );
  const middle = added(x, product(attended, matrix('mtp.output')));
  const wide = norm('mtp.feed_forward_norm', middle);
  const up = product(wide, matrix('mtp.up'));
  const activated = product(wide, matrix('mtp.gate')).map((row, index) =>
    row.map((gate, column) => silu(gate) * up[index]![column]!),
  );
  const states = norm('mtp.norm_out', added(middle, product(activated, matrix('mtp.down'))));
  return { states, logits: product(states, await draftRows(source, draftVocabulary)) };
}

export function softmax(logits: readonly number[]): readonly number[] {
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

async function draftRows(source: ModelSource, draftVocabulary: readonly number[]): Promise<Rows> {
  const table = await rowsOf(source.head);
  return draftVocabulary.map((id) => table[id]!);
}

function matrixOf(tensors: RandomHeads['tensors'], name: string): Rows {
  const { values, dimensions } = tensors.get(name)!;
  const columns = dimensions[1]!;
  return Array.from({ length: dimensions[0]! }, (_, row) => values.slice(row * columns, (row + 1) * columns));
}

function silu(value: number): number {
  return value / (1 + Math.exp(-value));
}
