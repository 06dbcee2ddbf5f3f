import { isForeignLicence } from './foreignLicence.ts';
import { isGenerated } from './generated.ts';
import { hasSecret } from './secrets.ts';

export const MIN_BYTES = 200;
export const MAX_BYTES = 100_000;

const MAX_LINE_CHARACTERS = 1000;
const MAX_MEAN_LINE_CHARACTERS = 100;
const MIN_LETTER_SHARE = 0.3;

/** Why a file is not used. */
export type DropReason =
  | 'foreignFolder'
  | 'size'
  | 'notUtf8'
  | 'generated'
  | 'minified'
  | 'data'
  | 'foreignLicence'
  | 'secret'
  | 'evaluationSet';

const FOREIGN_FOLDER =
  /(^|\/)(_?vendor(ed)?|third[-_]?party|thirdparty|node_modules|bower_components|external|extern|externals|deps|bundled|extlib|submodules|dist|build|out|target|__generated__|generated)\//i;

/** Copies of other projects, and build outputs, known by a folder's name. */
export function isForeignFolder(path: string): boolean {
  return FOREIGN_FOLDER.test(path);
}

/**
 * Decides whether a source file's text is worth training on; undefined keeps it.
 *
 * Names of folders are not looked at: see `isForeignFolder`.
 */
export function dropReason(path: string, text: string): DropReason | undefined {
  if (mentionsEvaluationSet(path) || mentionsEvaluationSet(text)) {
    return 'evaluationSet';
  }
  if (isGenerated(path, text)) {
    return 'generated';
  }
  if (isMinified(text)) {
    return 'minified';
  }
  if (isForeignLicence(text)) {
    return 'foreignLicence';
  }
  if (hasSecret(text)) {
    return 'secret';
  }
  return isData(text) ? 'data' : undefined;
}

/** Text of a file whose bytes are UTF-8, without a byte order mark; undefined for other encodings and binary files. */
export function decodeSource(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    // The decoder's only complaint is an invalid byte.
    return undefined;
  }
}

function isMinified(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.some((line) => line.length > MAX_LINE_CHARACTERS) || text.length / lines.length > MAX_MEAN_LINE_CHARACTERS
  );
}

/** Tables of numbers, and texts that are mostly escapes or punctuation. */
function isData(text: string): boolean {
  const spaces = text.length - text.replaceAll(/\s+/g, '').length;
  const letters = text.length - text.replaceAll(/\p{L}+/gu, '').length;
  return letters < (text.length - spaces) * MIN_LETTER_SHARE;
}

/** Names of public tests of code models: their tasks must not be learned by heart. */
function mentionsEvaluationSet(text: string): boolean {
  return /human[-_ ]?eval|\bmbpp\b|multipl-e\b|\bds-?1000\b|bigcodebench|livecodebench|swe-?bench|cruxeval|repobench|cross ?code ?eval|\bsafim\b|codexglue/i.test(
    text,
  );
}
