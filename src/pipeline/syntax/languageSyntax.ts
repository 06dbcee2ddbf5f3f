/** What a scanner must know of a language to tell code from comments and strings. Not a grammar: lexical rules only. */

export interface StringRule {
  readonly open: string;
  readonly close: string;
  /** Goes on over line ends; other strings end with their line, closed or not. */
  readonly multiline?: boolean;
  /** No backslash escapes. */
  readonly raw?: boolean;
  /** Opens code inside the string that ends at `}`. */
  readonly interpolation?: string;
  /** Holds one character only, so that Rust's lifetimes and C's digit separators are not taken for it. */
  readonly singleCharacter?: boolean;
}

export interface LanguageSyntax {
  readonly lineComments: readonly string[];
  readonly blockComments: readonly (readonly [open: string, close: string])[];
  /** Longer openers stand before their own beginnings. */
  readonly strings: readonly StringRule[];
  /** A slash may begin a regular expression. */
  readonly regularExpressions?: boolean;
  /** A line comment begins only after white space or at a line's start, as in `$#` or a URL. */
  readonly commentNeedsSpace?: boolean;
  /** A line that opens a block ends in `:`. */
  readonly colonBlocks?: boolean;
  /** Words that open a block at a line's end, `end`-style. */
  readonly openingWords?: RegExp;
  /** How a statement ends: at `;` or a bracket only, or at a line end where nothing is left open. */
  readonly statementEnd: 'semicolon' | 'line';
}

const DOUBLE: StringRule = { open: '"', close: '"' };
const SINGLE: StringRule = { open: "'", close: "'" };
const CHARACTER: StringRule = { open: "'", close: "'", singleCharacter: true };
const TEXT_BLOCK: StringRule = { open: '"""', close: '"""', multiline: true };
const SLASHES = { lineComments: ['//'], blockComments: [['/*', '*/']] } as const;

const JAVASCRIPT: LanguageSyntax = {
  ...SLASHES,
  strings: [DOUBLE, SINGLE, { open: '`', close: '`', multiline: true, interpolation: '${' }],
  regularExpressions: true,
  statementEnd: 'line',
};
const C: LanguageSyntax = {
  ...SLASHES,
  strings: [{ open: 'R"(', close: ')"', multiline: true, raw: true }, DOUBLE, CHARACTER],
  statementEnd: 'semicolon',
};
const PYTHON: LanguageSyntax = {
  lineComments: ['#'],
  blockComments: [],
  strings: [TEXT_BLOCK, { open: "'''", close: "'''", multiline: true }, DOUBLE, SINGLE],
  colonBlocks: true,
  statementEnd: 'line',
};
const SHELL: LanguageSyntax = {
  lineComments: ['#'],
  blockComments: [],
  strings: [
    { open: '"', close: '"', multiline: true },
    { open: "'", close: "'", multiline: true, raw: true },
  ],
  commentNeedsSpace: true,
  openingWords: /(^|\s)(then|do|else|in)\s*$/,
  statementEnd: 'line',
};
const MARKUP: LanguageSyntax = {
  lineComments: [],
  blockComments: [['<!--', '-->']],
  strings: [],
  statementEnd: 'line',
};
const CSS: LanguageSyntax = {
  lineComments: [],
  blockComments: [['/*', '*/']],
  strings: [DOUBLE, SINGLE],
  statementEnd: 'semicolon',
};

const SYNTAX_BY_LANGUAGE: Readonly<Record<string, LanguageSyntax>> = {
  c: C,
  cpp: C,
  csharp: {
    ...SLASHES,
    strings: [
      TEXT_BLOCK,
      { open: '@"', close: '"', multiline: true, raw: true },
      { open: '$"', close: '"', interpolation: '{' },
      DOUBLE,
      CHARACTER,
    ],
    statementEnd: 'semicolon',
  },
  css: CSS,
  dart: { ...SLASHES, strings: [TEXT_BLOCK, DOUBLE, SINGLE], statementEnd: 'semicolon' },
  go: {
    ...SLASHES,
    strings: [DOUBLE, CHARACTER, { open: '`', close: '`', multiline: true, raw: true }],
    statementEnd: 'line',
  },
  html: MARKUP,
  java: { ...SLASHES, strings: [TEXT_BLOCK, DOUBLE, CHARACTER], statementEnd: 'semicolon' },
  javascript: JAVASCRIPT,
  javascriptreact: JAVASCRIPT,
  json: { lineComments: [], blockComments: [], strings: [DOUBLE], statementEnd: 'line' },
  jsonc: { ...SLASHES, strings: [DOUBLE], statementEnd: 'line' },
  kotlin: { ...SLASHES, strings: [TEXT_BLOCK, DOUBLE, CHARACTER], statementEnd: 'line' },
  less: { ...CSS, lineComments: ['//'] },
  lua: {
    lineComments: ['--'],
    blockComments: [['--[[', ']]']],
    strings: [{ open: '[[', close: ']]', multiline: true, raw: true }, DOUBLE, SINGLE],
    openingWords: /(^|\s)(then|do|else|repeat)\s*$|\bfunction\b[^)]*\)\s*$/,
    statementEnd: 'line',
  },
  php: {
    lineComments: ['//', '#'],
    blockComments: [['/*', '*/']],
    strings: [
      { open: '"', close: '"', multiline: true },
      { open: "'", close: "'", multiline: true },
    ],
    statementEnd: 'semicolon',
  },
  python: PYTHON,
  ruby: {
    lineComments: ['#'],
    blockComments: [['=begin', '=end']],
    strings: [{ ...DOUBLE, interpolation: '#{' }, SINGLE],
    openingWords:
      /(^|\s)(do|then|else|begin|ensure|rescue)(\s*\|[^|]*\|)?\s*$|^\s*(def|class|module|if|unless|while|until|case)\b.*$/,
    statementEnd: 'line',
  },
  rust: {
    ...SLASHES,
    strings: [
      { open: 'r#"', close: '"#', multiline: true, raw: true },
      { open: '"', close: '"', multiline: true },
      CHARACTER,
    ],
    statementEnd: 'semicolon',
  },
  scala: { ...SLASHES, strings: [TEXT_BLOCK, DOUBLE, CHARACTER], statementEnd: 'line' },
  scss: { ...CSS, lineComments: ['//'] },
  shellscript: SHELL,
  sql: { lineComments: ['--'], blockComments: [['/*', '*/']], strings: [SINGLE, DOUBLE], statementEnd: 'semicolon' },
  swift: { ...SLASHES, strings: [TEXT_BLOCK, DOUBLE], statementEnd: 'line' },
  toml: { lineComments: ['#'], blockComments: [], strings: [TEXT_BLOCK, DOUBLE, SINGLE], statementEnd: 'line' },
  typescript: JAVASCRIPT,
  typescriptreact: JAVASCRIPT,
  xml: MARKUP,
  yaml: {
    lineComments: ['#'],
    blockComments: [],
    strings: [DOUBLE, SINGLE],
    commentNeedsSpace: true,
    colonBlocks: true,
    statementEnd: 'line',
  },
};

/** Lexical rules of a language by VS Code's identifier; undefined for languages that are not known. */
export function syntaxOf(languageId: string): LanguageSyntax | undefined {
  return Object.hasOwn(SYNTAX_BY_LANGUAGE, languageId) ? SYNTAX_BY_LANGUAGE[languageId] : undefined;
}

/** Languages that people read rather than run. */
const PROSE_LANGUAGES = new Set([
  'markdown',
  'mdx',
  'plaintext',
  'latex',
  'tex',
  'restructuredtext',
  'asciidoc',
  'git-commit',
  'scminput',
]);

export function isProseLanguage(languageId: string): boolean {
  return PROSE_LANGUAGES.has(languageId);
}
