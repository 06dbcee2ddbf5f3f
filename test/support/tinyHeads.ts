import path from 'node:path';
import { prepareHeads } from '../../src/model/heads/prepareHeads.ts';
import type { ModelManifest, Quantization } from '../../src/model/manifest.ts';
import { openPackage } from '../../src/model/openPackage.ts';
import type { ModelSource } from '../../src/model/source/modelSource.ts';
import type { TinyModelOptions } from '../../src/model/tinyModel.ts';
import { buildTinyModel, tinySource } from '../../src/model/tinyModel.ts';
import type { RandomHeads, RandomHeadsOptions } from './randomHeads.ts';
import { writeRandomHeads } from './randomHeads.ts';

export interface TinyPackage {
  readonly directory: string;
  readonly headsFolder: string;
  readonly manifest: ModelManifest;
  readonly source: ModelSource;
  readonly heads: RandomHeads;
}

/** The options of random heads that fit a model. */
export function tinyHeadsOptions(
  { shape, provenance }: Pick<ModelManifest, 'shape' | 'provenance'>,
  overrides: Partial<RandomHeadsOptions> = {},
): RandomHeadsOptions {
  return {
    seed: 3,
    shape,
    draftVocabularySize: 200,
    depth: 3,
    window: 8,
    biasRank: 16,
    feedForward: 192,
    hasAttentionBias: true,
    isEightBit: false,
    sourceSha256: provenance.sourceSha256,
    methods: ['medusa', 'mtp'],
    ...overrides,
  };
}

/** Builds the tiny model with random draft heads below `root`. */
export async function buildTinyHeads(
  root: string,
  model: TinyModelOptions & { readonly quantization: Quantization },
  overrides: Partial<RandomHeadsOptions> = {},
): Promise<TinyPackage> {
  const directory = path.join(root, 'package');
  const headsFolder = path.join(root, 'heads');
  const built = await buildTinyModel(directory, model);
  if (!built.ok) {
    throw new Error(built.error.message);
  }
  const heads = writeRandomHeads(headsFolder, tinyHeadsOptions(built.value, overrides));
  const lines: string[] = [];
  await prepareHeads(directory, headsFolder, { signal: new AbortController().signal, log: (line) => lines.push(line) });
  const opened = await openPackage(directory);
  if (!opened.ok || lines.length > 0) {
    throw new Error(opened.ok ? lines.join() : opened.error);
  }
  return { directory, headsFolder, manifest: opened.value.manifest, source: tinySource(model), heads };
}
