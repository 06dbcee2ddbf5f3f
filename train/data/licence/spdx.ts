/** SPDX identifiers whose code may be used for training: permissive, no condition beyond notices. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'blessing',
  'BSD-1-Clause',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BSD-3-Clause-Open-MPI',
  'BSL-1.0',
  'CC0-1.0',
  'curl',
  'HPND',
  'ISC',
  'libpng-2.0',
  'MIT',
  'MIT-0',
  'MIT-CMU',
  'NCSA',
  'PostgreSQL',
  'PSF-2.0',
  'Python-2.0',
  'Unicode-3.0',
  'Unlicense',
  'X11',
  'Zlib',
]);

/**
 * Whether an SPDX expression leaves a permissive choice: one side of an OR is enough, of an AND both are needed.
 *
 * `/` is read as OR (old Cargo manifests). An exception (`WITH`) only adds permissions and is passed over. Anything
 * that is not an expression is not permissive.
 */
export function isPermissive(expression: string): boolean {
  const tokens = expression.replaceAll('/', ' OR ').replaceAll(/[()]/g, ' $& ').trim().split(/\s+/);
  let index = 0;

  function readChoice(): boolean | undefined {
    let value = readAll();
    while (tokens[index]?.toUpperCase() === 'OR') {
      index++;
      const other = readAll();
      value = value === undefined || other === undefined ? undefined : value || other;
    }
    return value;
  }

  function readAll(): boolean | undefined {
    let value = readOne();
    while (tokens[index]?.toUpperCase() === 'AND') {
      index++;
      const other = readOne();
      value = value === undefined || other === undefined ? undefined : value && other;
    }
    return value;
  }

  function readOne(): boolean | undefined {
    const token = tokens[index++];
    if (token === undefined || token === ')') {
      return undefined;
    }
    if (token === '(') {
      const value = readChoice();
      return tokens[index++] === ')' ? value : undefined;
    }
    if (tokens[index]?.toUpperCase() === 'WITH') {
      index += 2;
    }
    return PERMISSIVE.has(token);
  }

  const value = readChoice();
  return index === tokens.length && value === true;
}

/** Names under which registries' metadata and classifiers give licences; the first match counts. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [
    /\b(a|l)?gpl|gnu |lesser general|general public|mozilla|\bmpl\b|eclipse|\bepl\b|cddl|\beupl\b|busl|sspl|commons clause/i,
    'other',
  ],
  [
    /apache[\s-]*(software\s*)?(license|licence)?[\s,-]*(version\s*|v)?2|apache-2|apache software license|^apache( license)?$|apache\.org\/licenses\/license-2/i,
    'Apache-2.0',
  ],
  [/mit[\s-]*cmu|hpnd|historical permission/i, 'MIT-CMU'],
  [/\bmit\b|opensource\.org\/licenses\/mit/i, 'MIT'],
  [/0bsd|zero-clause/i, '0BSD'],
  [/(bsd[\s-]*2|2[\s-]*clause|simplified bsd|freebsd)/i, 'BSD-2-Clause'],
  [/(bsd[\s-]*3|3[\s-]*clause|new bsd|modified bsd|\bbsd\b)/i, 'BSD-3-Clause'],
  [/\bisc\b|iscl/i, 'ISC'],
  [/zlib/i, 'Zlib'],
  [/unlicense/i, 'Unlicense'],
  [/python software foundation|\bpsf\b|psfl/i, 'PSF-2.0'],
  [/cc0/i, 'CC0-1.0'],
  [/boost software/i, 'BSL-1.0'],
];

/** The SPDX identifier for a licence's name or address as people write it; undefined where none is known. */
export function spdxOfName(name: string): string | undefined {
  return NAMES.find(([pattern]) => pattern.test(name))?.[1];
}

/** Phrases that only the one licence's text has. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [
    /gnu (lesser |library |affero )?general public license|mozilla public license|eclipse public license|common development and distribution|server side public|business source license|creative commons attribution/i,
    'other',
  ],
  [/apache license,?\s+version 2\.0/i, 'Apache-2.0'],
  [
    /permission to use, copy, modify,? and(\/or)? distribute this software (and its documentation )?for any purpose/i,
    'ISC',
  ],
  [/permission is hereby granted, free of charge/i, 'MIT'],
  [
    /redistribution and use in source and binary forms[\s\S]*(neither the name|names? of (the )?(copyright holder|contributors|its contributors)[\s\S]{0,60}endorse)/i,
    'BSD-3-Clause',
  ],
  [/redistribution and use in source and binary forms/i, 'BSD-2-Clause'],
  [/this is free and unencumbered software released into the public domain/i, 'Unlicense'],
  [/provided 'as-is', without any express or implied\s+warranty/i, 'Zlib'],
  [/python software foundation license/i, 'PSF-2.0'],
  [/cc0 1\.0 universal/i, 'CC0-1.0'],
  [/boost software license/i, 'BSL-1.0'],
];

/** The SPDX identifier of a licence text; `other` for one that is not permissive, undefined for an unknown text. */
export function spdxOfText(text: string): string | undefined {
  const flat = text.replaceAll(/[\s*#/]+/g, ' ');
  return TEXTS.find(([pattern]) => pattern.test(flat))?.[1];
}
