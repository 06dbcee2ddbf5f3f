import { strict as assert } from 'node:assert';
import type { ArchiveFile } from '../../../../train/data/archive/archiveFile.ts';
import { foreignLicenceFolders, packageLicence } from '../../../../train/data/licence/packageLicence.ts';
import { isPermissive } from '../../../../train/data/licence/spdx.ts';
import type { Registry } from '../../../../train/data/packageList.ts';

function archive(files: Readonly<Record<string, string>>): readonly ArchiveFile[] {
  return Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
}

describe('licences of the training data', () => {
  const expressions: readonly (readonly [string, boolean])[] = [
    ['MIT', true],
    ['MIT OR GPL-3.0-only', true],
    ['MIT/Apache-2.0', true],
    ['MIT AND GPL-3.0-only', false],
    ['(MIT OR GPL-2.0) AND BSD-3-Clause', true],
    ['Apache-2.0 WITH LLVM-exception', true],
    ['GPL-2.0-or-later', false],
    ['MIT OR', false],
    ['UNLICENSED', false],
    ['', false],
  ];
  for (const [expression, expected] of expressions) {
    it(`${expected ? 'accepts' : 'refuses'} "${expression}"`, () => {
      assert.equal(isPermissive(expression), expected);
    });
  }

  const MIT_TEXT = 'Permission is hereby granted, free of charge, to any person obtaining a copy';
  const packages: readonly (readonly [
    string,
    Registry,
    Record<string, string>,
    readonly string[],
    string | undefined,
  ])[] = [
    ['package.json', 'npm', { 'package.json': '{"license":"ISC"}' }, [], 'ISC'],
    ['an old package.json', 'npm', { 'package.json': '{"licenses":[{"type":"MIT"}]}' }, [], 'MIT'],
    ['Cargo.toml', 'crates', { 'Cargo.toml': 'license = "MIT/Apache-2.0"\n' }, [], 'MIT OR Apache-2.0'],
    ['an expression in PKG-INFO', 'pypi', { 'PKG-INFO': 'License-Expression: BSD-3-Clause\n' }, [], 'BSD-3-Clause'],
    [
      'a classifier in PKG-INFO',
      'pypi',
      { 'PKG-INFO': 'Classifier: License :: OSI Approved :: Apache Software License\n' },
      [],
      'Apache-2.0',
    ],
    ['a licence file', 'go', { LICENSE: MIT_TEXT }, [], 'MIT'],
    [
      'the parent of a project description',
      'maven',
      {},
      ['<project/>', '<licenses><license><name>Apache License, Version 2.0</name></license></licenses>'],
      'Apache-2.0',
    ],
    ['nothing', 'go', { 'main.go': 'package main' }, [], undefined],
  ];
  for (const [name, registry, files, poms, expected] of packages) {
    it(`reads ${expected ?? 'no licence'} from ${name}`, () => {
      assert.equal(packageLicence(registry, archive(files), poms)?.expression, expected);
    });
  }

  it('finds folders under another licence than their package', () => {
    const files = archive({
      LICENSE: MIT_TEXT,
      'lib/gpl/COPYING': 'GNU GENERAL PUBLIC LICENSE Version 2',
      'lib/mit/LICENSE': MIT_TEXT,
    });
    assert.deepEqual(foreignLicenceFolders(files), ['lib/gpl/']);
  });
});
