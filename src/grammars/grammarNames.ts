/**
 * The grammar of each language, by VS Code's identifier, as the package names its files: these, and no others, are in the VSIX.
 * C is read as C++. Shell scripts have none: that grammar finds errors in right ones (`for i do`, `$"text"`). Nor has markup, for
 * which the package has none, and what stands inside it has several languages.
 */
export const GRAMMAR_NAMES: Readonly<Record<string, string>> = {
  c: 'cpp',
  cpp: 'cpp',
  csharp: 'c-sharp',
  css: 'css',
  go: 'go',
  java: 'java',
  javascript: 'javascript',
  javascriptreact: 'javascript',
  php: 'php',
  python: 'python',
  ruby: 'ruby',
  rust: 'rust',
  typescript: 'typescript',
  typescriptreact: 'tsx',
};
