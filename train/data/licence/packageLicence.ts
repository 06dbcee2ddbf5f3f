import type { ArchiveFile } from '../archive/archiveFile.ts';
import type { Registry } from '../packageList.ts';
import { isPermissive, spdxOfName, spdxOfText } from './spdx.ts';

export interface Licence {
  readonly expression: string;
  readonly source: string;
}

const LICENCE_FILE = /(^|\/)(LICEN[CS]E|COPYING|COPYRIGHT|UNLICENSE)([-._][\w.-]*)?$/i;

/**
 * Reads a package's licence from its own metadata, and where that says nothing from its licence file.
 *
 * `poms` are the Maven descriptions of the package and its parents. Undefined where nothing is stated.
 */
export function packageLicence(
  registry: Registry,
  files: readonly ArchiveFile[],
  poms: readonly string[] = [],
): Licence | undefined {
  const textOf = (path: string) => files.find((file) => file.path === path)?.bytes.toString('utf8');
  switch (registry) {
    case 'npm':
      return fromNpm(textOf('package.json')) ?? fromLicenceFile(files);
    case 'crates':
      return fromCargo(textOf('Cargo.toml')) ?? fromLicenceFile(files);
    case 'pypi':
      return fromPkgInfo(textOf('PKG-INFO')) ?? fromLicenceFile(files);
    case 'go':
      return fromLicenceFile(files);
    case 'maven':
      return fromPoms(poms) ?? fromLicenceFile(files);
  }
}

/**
 * Folders (with a slash at the end) that carry a licence file of their own which is not permissive.
 *
 * The package's own top folder is left to its metadata.
 */
export function foreignLicenceFolders(files: readonly ArchiveFile[]): readonly string[] {
  return files
    .filter((file) => LICENCE_FILE.test(file.path) && file.path.includes('/'))
    .filter((file) => spdxOfText(file.bytes.toString('utf8')) === 'other')
    .map((file) => file.path.slice(0, file.path.lastIndexOf('/') + 1));
}

function fromNpm(text: string | undefined): Licence | undefined {
  const { license, licenses } = JSON.parse(text ?? '{}') as { license?: unknown; licenses?: unknown };
  const first = Array.isArray(licenses) ? licenses[0] : license;
  const stated = typeof first === 'object' && first !== null ? (first as { type?: unknown }).type : first;
  return typeof stated === 'string' && !stated.startsWith('SEE ')
    ? { expression: asExpression(stated), source: 'package.json' }
    : undefined;
}

function fromCargo(text: string | undefined): Licence | undefined {
  const stated = /^license = "([^"]+)"/m.exec(text ?? '')?.[1];
  return stated === undefined
    ? undefined
    : { expression: asExpression(stated.replaceAll('/', ' OR ').replaceAll(/\s+/g, ' ')), source: 'Cargo.toml' };
}

function fromPkgInfo(text: string | undefined): Licence | undefined {
  const head = (text ?? '').split(/\r?\n\r?\n/, 1)[0] ?? '';
  const expression = /^License-Expression: *(.+)$/m.exec(head)?.[1]?.trim();
  if (expression !== undefined) {
    return { expression, source: 'PKG-INFO' };
  }
  const classifiers = [...head.matchAll(/^Classifier: License :: (?:OSI Approved :: )?(.+)$/gm)].map(
    ([, name]) => name ?? '',
  );
  const named = classifiers.filter((name) => name !== 'OSI Approved').map((name) => spdxOfName(name) ?? 'other');
  if (named.length > 0) {
    return { expression: [...new Set(named)].join(' AND '), source: 'PKG-INFO' };
  }
  const field = /^License: *(.+)$/m.exec(head)?.[1]?.trim();
  const name = field === undefined || field.length > 60 ? undefined : isPermissive(field) ? field : spdxOfName(field);
  return name === undefined ? undefined : { expression: name, source: 'PKG-INFO' };
}

function fromPoms(poms: readonly string[]): Licence | undefined {
  for (const pom of poms) {
    const block = /<licenses>([\s\S]*?)<\/licenses>/.exec(pom)?.[1];
    const names = [...(block ?? '').matchAll(/<license>([\s\S]*?)<\/license>/g)].map(([, body]) => {
      const name = /<name>([^<]*)/.exec(body ?? '')?.[1] ?? '';
      const url = /<url>([^<]*)/.exec(body ?? '')?.[1] ?? '';
      return spdxOfName(name) ?? spdxOfName(url) ?? 'other';
    });
    if (names.length > 0) {
      // Several licences in one description are a choice (Maven POM reference, "Licenses").
      return { expression: [...new Set(names)].join(' OR '), source: 'pom.xml' };
    }
  }
  return undefined;
}

function fromLicenceFile(files: readonly ArchiveFile[]): Licence | undefined {
  for (const file of files) {
    const isTop = !file.path.includes('/') || /^META-INF\/[^/]*$/.test(file.path);
    const expression = isTop && LICENCE_FILE.test(file.path) ? spdxOfText(file.bytes.toString('utf8')) : undefined;
    if (expression !== undefined) {
      return { expression, source: file.path };
    }
  }
  return undefined;
}

function asExpression(stated: string): string {
  return isPermissive(stated) ? stated : (spdxOfName(stated) ?? stated);
}
