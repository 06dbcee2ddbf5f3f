import { readFile } from 'node:fs/promises';
import type { ModelManifest, PackageHeads } from '../manifest.ts';
import { HEAD_GUESSES } from '../manifest.ts';
import { ModelError } from '../modelError.ts';
import { medusaGraph, mtpGraph } from '../onnx/headGraphs.ts';
import type { OnnxModel } from '../onnx/onnxSchema.ts';
import { encodeOnnxModel } from '../onnx/onnxSchema.ts';
import { floatToHalfBits } from '../quantize/halfFloat.ts';
import { readSafetensors } from '../safetensors.ts';
import type { WeightMatrix } from '../source/modelSource.ts';
import { writePackageFile } from '../weights/packageFileWriter.ts';
import type { StoredTensor } from '../weights/storedTensor.ts';
import { WeightFiles } from '../weights/weightFiles.ts';
import type { MatrixPlan } from '../weights/weightPlan.ts';
import { bytesOf, Progress, writeMatrix } from '../weights/writeWeights.ts';
import type { HeadSizes } from './headPlans.ts';
import { planMedusa, planMtp } from './headPlans.ts';
import type { HeadSetDescription } from './headsDescription.ts';
import { HeadTensors } from './headTensors.ts';
import { TrunkTensors } from './trunkTensors.ts';

/** Beyond these the file is damaged; a manifest allows no more. */
const MAX_DEPTH = 16;
const MAX_BIAS_RANK = 4096;
const MAX_FEED_FORWARD = 65_536;

/**
 * Writes the graph and the weights of one set of heads into a package folder and returns its manifest entry, unchecked.
 *
 * Throws `ModelError` when the head file is not what its description and the model ask for.
 */
export async function writeHeadSet(
  directory: string,
  manifest: ModelManifest,
  description: HeadSetDescription,
  signal: AbortSignal,
): Promise<PackageHeads> {
  // Another source gives other names, so that files that a running program uses are never written over.
  const baseName = `heads-${description.method}-${description.sourceSha256.slice(0, 12)}`;
  const source = new HeadTensors(readSafetensors(await readFile(description.filePath)));
  const trunk = await TrunkTensors.open(directory, manifest);
  const draftVocabulary = source.draftVocabulary(manifest.shape.vocabulary, HEAD_GUESSES);
  const sizes = {
    shape: manifest.shape,
    format: trunk.head.format,
    draftVocabularySize: draftVocabulary.length,
  };
  const writer = new HeadWriter(new WeightFiles(directory, undefined, baseName), signal);
  try {
    writer.keep(await trunk.copyHeadRows(draftVocabulary, 'draftHead', writer.files));
    await writer.integers('draftVocabulary', draftVocabulary);
    const graph =
      description.method === 'medusa'
        ? await medusa(description, source, sizes, writer)
        : await mtp(description, source, sizes, writer, trunk);
    const { method, licence, sourceSha256 } = description;
    return {
      method,
      graph: await writePackageFile(directory, `${baseName}.onnx`, encodeOnnxModel(graph)),
      weights: await writer.files.finish(),
      depth: description.depth as number,
      window: method === 'mtp' ? (description.window as number) : 0,
      draftVocabularySize: draftVocabulary.length,
      calibration: description.calibration as PackageHeads['calibration'],
      licence,
      sourceSha256,
    };
  } finally {
    await writer.files.abandon();
  }
}

async function medusa(
  { depth }: HeadSetDescription,
  source: HeadTensors,
  sizes: HeadSizes,
  writer: HeadWriter,
): Promise<OnnxModel> {
  const headCount = boundedSize(depth, 'depth', MAX_DEPTH);
  const { shape, draftVocabularySize } = sizes;
  const { hidden } = shape;
  const heads = Array.from({ length: headCount }, (_, head) => `medusa.${head}`);
  const rank = source.has('medusa.bias.in')
    ? boundedSize(source.dimensions('medusa.bias.in')[1], 'medusa.bias.in rank', MAX_BIAS_RANK)
    : undefined;
  const plan = planMedusa(sizes, headCount, rank);
  await writer.matrix(plan.mixer, [
    ...heads.map((head) => source.matrix(`${head}.skip`, hidden, hidden)),
    ...heads.map((head) => source.matrix(`${head}.weight`, hidden, hidden)),
  ]);
  const biases = new Float32Array(2 * headCount * hidden);
  for (const [index, head] of heads.entries()) {
    biases.set(source.vector(`${head}.bias`, hidden), (headCount + index) * hidden);
  }
  await writer.vector(`${plan.mixer.name}.bias`, biases);
  if (plan.previousToken !== undefined) {
    const { into, out } = plan.previousToken;
    await writer.halves(into, source.matrix('medusa.bias.in', draftVocabularySize, out.inputs));
    await writer.matrix(out, [source.matrix('medusa.bias.out', draftVocabularySize, out.inputs)]);
  }
  return medusaGraph(shape, plan, writer.tensors);
}

async function mtp(
  { window }: HeadSetDescription,
  source: HeadTensors,
  sizes: HeadSizes,
  writer: HeadWriter,
  trunk: TrunkTensors,
): Promise<OnnxModel> {
  const { shape } = sizes;
  const { hidden, headSize } = shape;
  const queries = shape.heads * headSize;
  const keys = shape.keyValueHeads * headSize;
  const feedForward = boundedSize(source.dimensions('mtp.gate')[0], 'mtp.gate width', MAX_FEED_FORWARD);
  const plan = planMtp(sizes, {
    window: boundedSize(window, 'window', shape.contextLength),
    feedForward,
    hasAttentionBias: source.has('mtp.query.bias'),
    embedding: trunk.embedding,
  });
  const norms = [
    [plan.hiddenNorm, 'mtp.norm_hidden'],
    [plan.embeddingNorm, 'mtp.norm_embedding'],
    [plan.attentionNorm, 'mtp.attention_norm'],
    [plan.feedForwardNorm, 'mtp.feed_forward_norm'],
    [plan.outputNorm, 'mtp.norm_out'],
  ] as const;
  for (const [name, sourceName] of norms) {
    await writer.vector(name, source.vector(sourceName, hidden));
  }
  await writer.matrix(plan.projection, [source.matrix('mtp.proj', hidden, 2 * hidden)]);
  await writer.matrix(plan.queryKeyValue, [
    source.matrix('mtp.query.weight', queries, hidden),
    source.matrix('mtp.key.weight', keys, hidden),
    source.matrix('mtp.value.weight', keys, hidden),
  ]);
  if (plan.queryKeyValue.hasBias) {
    const biases = new Float32Array(queries + 2 * keys);
    biases.set(source.vector('mtp.query.bias', queries));
    biases.set(source.vector('mtp.key.bias', keys), queries);
    biases.set(source.vector('mtp.value.bias', keys), queries + keys);
    await writer.vector(`${plan.queryKeyValue.name}.bias`, biases);
  }
  await writer.matrix(plan.attentionOutput, [source.matrix('mtp.output', hidden, queries)]);
  await writer.matrix(plan.gateUp, [
    source.matrix('mtp.gate', feedForward, hidden),
    source.matrix('mtp.up', feedForward, hidden),
  ]);
  await writer.matrix(plan.down, [source.matrix('mtp.down', hidden, feedForward)]);
  writer.keep(trunk.shared());
  return mtpGraph(shape, plan, writer.tensors);
}

/** Collects the tensors of one set while they are written. */
class HeadWriter {
  readonly files: WeightFiles;
  readonly tensors = new Map<string, StoredTensor>();
  readonly #progress: Progress;

  constructor(files: WeightFiles, signal: AbortSignal) {
    this.files = files;
    this.#progress = new Progress(1, { onProgress: () => undefined, signal });
  }

  keep(tensors: readonly StoredTensor[]): void {
    for (const tensor of tensors) {
      this.tensors.set(tensor.name, tensor);
    }
  }

  async matrix(plan: MatrixPlan, parts: readonly WeightMatrix[]): Promise<void> {
    this.keep(await writeMatrix(plan, parts, this.files, this.#progress));
  }

  async vector(name: string, values: Float32Array): Promise<void> {
    this.keep([await this.files.add(name, 'float32', [values.length], bytesOf(values))]);
  }

  async integers(name: string, values: readonly number[]): Promise<void> {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.keep([await this.files.add(name, 'int64', [values.length], bytes)]);
  }

  async halves(name: string, { rows, columns, readRows }: WeightMatrix): Promise<void> {
    const values = new Float32Array(rows * columns);
    await readRows(0, rows, values);
    const halves = Uint16Array.from(values, floatToHalfBits);
    this.keep([await this.files.add(name, 'float16', [rows, columns], bytesOf(halves))]);
  }
}

function boundedSize(value: unknown, name: string, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > high) {
    throw new ModelError('damaged', `its ${name} is ${String(value)}, expected a whole number from 1 to ${high}`);
  }
  return value;
}
