// The parts of the product that the benchmark drives, straight from their sources.
import { join } from 'node:path';
import { require as requireTypeScript } from 'tsx/cjs/api';
import { root } from '../setUp.mjs';

const load = (path) => requireTypeScript(join(root, 'src', path), import.meta.url);

export const { WorkerClient } = load('inference/client/workerClient.ts');
export const { loadTokenizer } = load('inference/worker/loadTokenizer.ts');
export const { Utf8Decoder } = load('base/utf8.ts');
export const { planPrompt, planPlainPrompt } = load('pipeline/prompt/planPrompt.ts');
export const { chooseExtent } = load('pipeline/prompt/chooseExtent.ts');
export const { cleanCompletion } = load('pipeline/postprocess/cleanCompletion.ts');
export const { parseWindow } = load('pipeline/syntax/parseWindow.ts');
export const { Grammars } = load('grammars/grammars.ts');
export const { GRAMMAR_NAMES } = load('grammars/grammarNames.ts');
export const { benchOrder } = load('cli/benchOrder.ts');
export const { completionRequest } = load('cli/completionRequest.ts');
export const { toSnapshot } = load('cli/positionSnapshot.ts');
export const { readPositions } = load('cli/positions.ts');
export const { seededShuffle } = load('cli/seededShuffle.ts');
export const { quantile } = load('cli/statistics.ts');
export const { openPackage } = load('model/openPackage.ts');
export const { readCatalogueEntry } = load('model/catalogue.ts');
export const { defaultPackageDirectory } = load('model/defaultPackage.ts');
export const { cacheDirectory, downloadDirectory, measurementsDirectory } = load('model/cacheDirectory.ts');
export const { fetchWeights } = load('model/fetch/fetchWeights.ts');
