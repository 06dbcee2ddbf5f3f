import type { PackageChoice, Registry } from './packageList.ts';
import { packageKey } from './packageList.ts';

/** What was fetched, and what of it was kept. The fetch repeats it: same versions, archives checked by their hash. */
export interface Manifest {
  readonly formatVersion: 1;
  readonly packages: readonly ManifestPackage[];
  /** Written by the corpus build. */
  readonly corpus?: CorpusSummary;
}

export interface ManifestPackage {
  readonly registry: Registry;
  readonly name: string;
  readonly classifier?: string;
  readonly version: string;
  readonly split: PackageChoice['split'];
  /** SPDX expression. */
  readonly licence: string;
  /** Where it was read, e.g. `package.json`. */
  readonly licenceSource: string;
  readonly archive: { readonly file: string; readonly bytes: number; readonly sha256: string };
  /** Kept files and their UTF-8 bytes by language, as of the last corpus build. */
  readonly files?: number;
  readonly bytes?: Readonly<Record<string, number>>;
}

export interface SplitSummary {
  readonly packages: number;
  readonly files: number;
  readonly bytes: number;
  readonly bytesByLanguage: Readonly<Record<string, number>>;
}

export interface CorpusSummary {
  readonly train: SplitSummary;
  readonly heldOut: SplitSummary;
  /** Files left out, by reason; files in other languages are not counted. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Shares, 0 to 1, of the distinct 13-grams of words of the one side that occur in the other. */
  readonly overlap: {
    readonly heldOutSeenInTrain: number;
    readonly trainSeenInHeldOut: number;
    readonly heldOutSeenInTrainBeforeDropping: number;
  };
}

export function findPackage(manifest: Manifest | undefined, choice: PackageChoice): ManifestPackage | undefined {
  return manifest?.packages.find((entry) => packageKey(entry) === packageKey(choice));
}

/** Packages in the order of their keys, two spaces, a line end at the end: the same content gives the same bytes. */
export function formatManifest(manifest: Manifest): string {
  const packages = [...manifest.packages].sort((left, right) => (packageKey(left) < packageKey(right) ? -1 : 1));
  return `${JSON.stringify({ ...manifest, packages }, null, 2)}\n`;
}
