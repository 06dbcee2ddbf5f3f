import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PackageChoice, Registry } from '../packageList.ts';
import { runClient } from './runClient.ts';

export interface Download {
  readonly version: string;
  /** The archive, where the client left it. */
  readonly file: string;
}

/**
 * Fetches one package's source archive through its registry's ordinary client; nothing of it is built or run.
 *
 * `folder` is an empty folder for the client to work in. Without `version` the client chooses the newest.
 */
export function download(choice: PackageChoice, version: string | undefined, folder: string): Promise<Download> {
  return DOWNLOADERS[choice.registry](choice, version, folder);
}

type Downloader = (choice: PackageChoice, version: string | undefined, folder: string) => Promise<Download>;

const DOWNLOADERS: Readonly<Record<Registry, Downloader>> = {
  pypi: downloadFromPypi,
  npm: downloadFromNpm,
  crates: downloadFromCrates,
  go: downloadFromGo,
  maven: downloadFromMaven,
};

async function downloadFromPypi({ name }: PackageChoice, version: string | undefined, folder: string) {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'downloadSdist.py');
  const args = [script, name, ...(version === undefined ? [] : [version]), '--dest', folder];
  return JSON.parse(await runClient('python3', args, folder)) as Download;
}

async function downloadFromNpm({ name }: PackageChoice, version: string | undefined, folder: string) {
  const specifier = version === undefined ? name : `${name}@${version}`;
  const output = await runClient(
    'npm',
    ['pack', specifier, '--json', '--ignore-scripts', '--pack-destination', folder],
    folder,
  );
  const [packed] = JSON.parse(output) as readonly { version: string; filename: string }[];
  if (packed === undefined) {
    throw new Error(`npm pack ${specifier} gave no archive`);
  }
  // Older clients report a scoped package's file as "@scope/name", but write "scope-name".
  return { version: packed.version, file: join(folder, packed.filename.replace(/^@/, '').replaceAll('/', '-')) };
}

/** `cargo info` fetches the crate to describe it, and leaves the archive in cargo's cache. */
async function downloadFromCrates({ name }: PackageChoice, version: string | undefined, folder: string) {
  const output = await runClient('cargo', ['info', version === undefined ? name : `${name}@${version}`], folder);
  const found = /^version: (\S+)/m.exec(output)?.[1];
  const cache = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'registry', 'cache');
  const [file] = readdirSync(cache, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(`/${name}-${found}.crate`))
    .map((path) => join(cache, path));
  if (found === undefined || file === undefined) {
    throw new Error(`cargo info left no archive of ${name}`);
  }
  return { version: found, file };
}

async function downloadFromGo({ name }: PackageChoice, version: string | undefined, folder: string) {
  const output = await runClient('go', ['mod', 'download', '-json', `${name}@${version ?? 'latest'}`], folder);
  const module = JSON.parse(output) as { Version: string; Zip: string };
  return { version: module.Version, file: module.Zip };
}

const MAX_PARENTS = 4;

async function downloadFromMaven(choice: PackageChoice, version: string | undefined, folder: string) {
  const [group = '', artifact = ''] = choice.name.split(':');
  const wanted = version ?? choice.version ?? '';
  const file = await getFromMaven({ group, artifact, version: wanted }, 'jar', choice.classifier ?? 'sources', folder);
  return { version: wanted, file };
}

/** The project description of a Maven artifact, and those of its parents. */
export async function downloadPoms(choice: PackageChoice, version: string, folder: string): Promise<readonly string[]> {
  const [group = '', artifact = ''] = choice.name.split(':');
  const poms: string[] = [];
  for (
    let next: Coordinates | undefined = { group, artifact, version };
    next !== undefined && poms.length <= MAX_PARENTS;
  ) {
    const pom = readFileSync(await getFromMaven(next, 'pom', undefined, folder), 'utf8');
    poms.push(pom);
    next = parentOf(pom);
  }
  return poms;
}

interface Coordinates {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
}

async function getFromMaven(
  { group, artifact, version }: Coordinates,
  packaging: string,
  classifier: string | undefined,
  folder: string,
): Promise<string> {
  const end = classifier === undefined ? '' : `:${classifier}`;
  await runClient(
    'mvn',
    [
      '-q',
      '-B',
      'dependency:get',
      `-Dartifact=${group}:${artifact}:${version}:${packaging}${end}`,
      '-Dtransitive=false',
    ],
    folder,
  );
  const suffix = classifier === undefined ? '' : `-${classifier}`;
  const repository = join(homedir(), '.m2', 'repository');
  const name = `${artifact}-${version}${suffix}.${packaging}`;
  return join(repository, ...group.split('.'), artifact, version, name);
}

function parentOf(pom: string): Coordinates | undefined {
  const parent = /<parent>([\s\S]*?)<\/parent>/.exec(pom)?.[1];
  const field = (name: string) => new RegExp(`<${name}>\\s*([^<\\s]+)`).exec(parent ?? '')?.[1];
  const [group, artifact, version] = [field('groupId'), field('artifactId'), field('version')];
  return group === undefined || artifact === undefined || version === undefined
    ? undefined
    : { group, artifact, version };
}
