import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { AdapterChoice } from './adapter/chooseAdapter.ts';
import { describeAdapter, NO_ADAPTER } from './adapter/chooseAdapter.ts';
import type { AdapterDescription } from './adapter/readAdapter.ts';
import { buildPackage } from './buildPackage.ts';
import { downloadDirectory, packageDirectory } from './cacheDirectory.ts';
import type { CatalogueEntry, WeightSource } from './catalogue.ts';
import { readCatalogueEntry } from './catalogue.ts';
import type { FreeBytes } from './fetch/diskSpace.ts';
import { describeBytes, freeBytes, notEnoughSpace } from './fetch/diskSpace.ts';
import type { DownloadSource } from './fetch/downloadSource.ts';
import type { FetchFailureReason } from './fetch/fetchFailure.ts';
import type { FetchProgress } from './fetch/fetchWeights.ts';
import { fetchWeights } from './fetch/fetchWeights.ts';
import { withFileLock } from './fetch/fileLock.ts';
import { prepareHeads } from './heads/prepareHeads.ts';
import type { Quantization } from './manifest.ts';
import type { ModelErrorReason } from './modelError.ts';
import { openPackage } from './openPackage.ts';
import { BUILDER_VERSION } from './writePackage.ts';

/** Fetching counts bytes of the weight file, building counts the share of the work done, 0–1. */
export type PrepareProgress = FetchProgress | { readonly phase: 'build'; readonly fraction: number };

export interface PrepareOptions {
  readonly id: string;
  readonly quantization: Quantization;
  /** Defaults to the adapter that ships for the model, where there is one. Any other choice has a package folder of its own. */
  readonly adapter?: AdapterChoice | undefined;
  /** The folder that holds `models/`. */
  readonly catalogueRoot: string;
  /** The cache's root, see `cacheDirectory`. */
  readonly cacheDirectory: string;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: PrepareProgress) => void) | undefined;
  readonly log?: ((line: string) => void) | undefined;
  /** False uses only what is on this machine. Defaults to true. */
  readonly allowDownload?: boolean | undefined;
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** Replaced by tests. */
  readonly sources?: readonly DownloadSource[] | undefined;
  readonly cacheFolders?: readonly string[] | undefined;
  readonly freeBytes?: FreeBytes | undefined;
  readonly build?: typeof buildPackage | undefined;
}

export interface PreparedModel {
  /** The package's folder. */
  readonly directory: string;
  /** False when a good package was there already. */
  readonly isNew: boolean;
}

export interface PrepareFailure {
  readonly reason: 'unknown-model' | FetchFailureReason | ModelErrorReason;
  /** One sentence for the user: what is wrong and what to do. */
  readonly message: string;
}

/**
 * Makes sure that the package of a catalogue model is in the cache: fetches the official weights and builds it if need be,
 * and gives it the draft heads that ship for the model.
 *
 * A package of this builder, made from the catalogue's file with this adapter, is used as it is (its hashes are checked by whoever opens
 * it); any other is built anew in its place. A second process waits for the first. A downloaded weight file stays in the
 * download folder afterwards, so that another quantisation or a newer builder needs no second download. Errors: see
 * `PrepareFailure`; `not-allowed` is the moment to ask the user for a download.
 */
export async function prepareModel(options: PrepareOptions): Promise<Result<PreparedModel, PrepareFailure>> {
  const { id, quantization, signal, onProgress } = options;
  const entry = await readCatalogueEntry(options.catalogueRoot, id);
  if (!entry.ok) {
    return err({ reason: 'unknown-model', message: entry.error });
  }
  const choice = options.adapter ?? { kind: 'catalogue', root: options.catalogueRoot };
  const adapter = await describeAdapter(choice, entry.value.file.sha256);
  if (!adapter.ok) {
    return err({ reason: 'damaged', message: adapter.error });
  }
  const directory = packageDirectory(id, variantName(quantization, choice, adapter.value), options.cacheDirectory);
  const isReady = (): Promise<boolean> => isGoodPackage(directory, entry.value, quantization, adapter.value);
  try {
    const prepareWeights = async (): Promise<Result<PreparedModel, PrepareFailure>> => {
      if (await isReady()) {
        return ok({ directory, isNew: false });
      }
      await mkdir(path.dirname(directory), { recursive: true });
      const bytes = entry.value.file.bytes;
      const onWait = (): void => onProgress?.({ phase: 'wait', receivedBytes: 0, totalBytes: bytes, source: '' });
      return withFileLock(`${directory}.lock`, { signal, onWait }, async () =>
        (await isReady())
          ? ok({ directory, isNew: false })
          : fetchAndBuild(entry.value, directory, { ...options, adapter: choice }),
      );
    };
    const prepared = await prepareWeights();
    if (prepared.ok) {
      await prepareHeads(directory, path.join(options.catalogueRoot, 'models', id, 'heads'), options);
    }
    return prepared;
  } catch (error) {
    if (signal.aborted) {
      return err({ reason: 'cancelled', message: `preparing ${entry.value.title} was cancelled` });
    }
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') {
      throw error;
    }
    const message = `${entry.value.title} cannot be kept in ${directory}: ${(error as Error).message}`;
    return err({ reason: 'disk', message });
  }
}

/**
 * Bytes a package has per byte of the catalogue's 4-bit files, rounded up: 514, 366 and 1980 MB in 8 bits, 4 bits and
 * float32 for the 491 MB of the 0.5B model, which keeps more of its tables in 8 bits than the 1.5B model does.
 */
const PACKAGE_SIZE_RATIO: Record<Quantization, number> = { q8: 1.5, q4: 1, w8a8: 1.5, f32: 6 };

async function fetchAndBuild(
  entry: CatalogueEntry,
  directory: string,
  options: PrepareOptions,
): Promise<Result<PreparedModel, PrepareFailure>> {
  const { quantization, signal, onProgress, log } = options;
  const packageBytes = entry.file.bytes * PACKAGE_SIZE_RATIO[quantization];
  const weights = await fetchWeights(entry, {
    downloadDirectory: downloadDirectory(options.cacheDirectory),
    signal,
    onProgress,
    log,
    allowDownload: options.allowDownload,
    extraBytes: packageBytes,
    sources: options.sources,
    environment: options.environment,
    cacheFolders: options.cacheFolders,
    freeBytes: options.freeBytes,
  });
  if (!weights.ok) {
    return weights;
  }
  const haveBytes = await (options.freeBytes ?? freeBytes)(path.dirname(directory));
  if (haveBytes < packageBytes) {
    const message = notEnoughSpace(`the package of ${entry.title}`, directory, packageBytes, haveBytes);
    return err({ reason: 'disk-full', message });
  }
  const built = await (options.build ?? buildPackage)({
    ggufPath: weights.value.path,
    outDir: directory,
    id: entry.id,
    quantization,
    licence: entry.licence,
    adapter: options.adapter,
    catalogueRoot: options.catalogueRoot,
    onProgress: (fraction) => onProgress?.({ phase: 'build', fraction }),
    signal,
  });
  if (!built.ok) {
    return built;
  }
  if (built.value.provenance.sourceSha256 !== entry.file.sha256) {
    // Only a file in another program's cache can change under our hands between its check and the build.
    await rm(directory, { recursive: true, force: true });
    return err({ reason: 'damaged', message: `${weights.value.path} was changed while it was read; try again` });
  }
  if (isDownloaded(weights.value.source, entry)) {
    log?.(`the downloaded file is kept as ${weights.value.path} (${describeBytes(entry.file.bytes)})`);
  }
  return ok({ directory, isNew: true });
}

function isDownloaded(source: string, entry: CatalogueEntry): boolean {
  return entry.sources.some(({ kind }: WeightSource) => kind === source);
}

/** The default package is named by its quantisation alone; others stand beside it. */
function variantName(
  quantization: Quantization,
  choice: AdapterChoice,
  adapter: AdapterDescription | undefined,
): string {
  switch (choice.kind) {
    case 'catalogue':
      return quantization;
    case 'none':
      return `${quantization}-no-adapter`;
    case 'folder':
      return `${quantization}-adapter-${adapter?.sha256.slice(0, 12) ?? NO_ADAPTER}`;
  }
}

/**
 * True for a whole package of this builder from the catalogue's file and this adapter; sizes are compared, contents are not
 * read.
 */
async function isGoodPackage(
  directory: string,
  entry: CatalogueEntry,
  quantization: Quantization,
  adapter: AdapterDescription | undefined,
): Promise<boolean> {
  const opened = await openPackage(directory);
  if (!opened.ok) {
    return false;
  }
  const { id, quantization: found, provenance } = opened.value.manifest;
  return (
    id === entry.id &&
    found === quantization &&
    provenance.sourceSha256 === entry.file.sha256 &&
    provenance.adapter === (adapter?.sha256 ?? NO_ADAPTER) &&
    provenance.builder === BUILDER_VERSION
  );
}
