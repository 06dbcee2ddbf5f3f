/** The hand-written list of packages, `packages.json`. */
export const REGISTRIES = ['pypi', 'npm', 'crates', 'go', 'maven'] as const;
export type Registry = (typeof REGISTRIES)[number];

export interface PackageChoice {
  readonly registry: Registry;
  /** As the registry's client takes it; `group:artifact` for Maven. */
  readonly name: string;
  readonly split: 'train' | 'heldOut';
  /** Only files of these languages are kept. */
  readonly languages: readonly string[];
  /** Path prefixes; where given, only files below one of them are kept, and the filter on folder names is off. */
  readonly include?: readonly string[];
  /** Maven only: the version, since its client has no "newest" for source archives. */
  readonly version?: string;
  /** Maven only. Defaults to "sources". */
  readonly classifier?: string;
}

export function packageKey(choice: Pick<PackageChoice, 'registry' | 'name' | 'classifier'>): string {
  return `${choice.registry}/${packageName(choice)}`;
}

/** The name with the classifier of a Maven artifact's second archive. */
export function packageName({ name, classifier }: Pick<PackageChoice, 'name' | 'classifier'>): string {
  return classifier === undefined ? name : `${name}:${classifier}`;
}

/** Parses `packages.json`. Throws with the entry's key where one is wrong or stands twice. */
export function parsePackageList(text: string): readonly PackageChoice[] {
  const choices = (JSON.parse(text) as { packages: readonly PackageChoice[] }).packages;
  const seen = new Set<string>();
  for (const choice of choices) {
    const key = packageKey(choice);
    if (!REGISTRIES.includes(choice.registry) || (choice.split !== 'train' && choice.split !== 'heldOut')) {
      throw new Error(`packages.json: ${key} has an unknown registry or split`);
    }
    if (seen.has(key) || choice.languages.length === 0) {
      throw new Error(`packages.json: ${key} stands twice or names no language`);
    }
    if (choice.registry === 'maven' && choice.version === undefined) {
      throw new Error(`packages.json: ${key} needs a version`);
    }
    seen.add(key);
  }
  return choices;
}
