/** The positions file of `eval` and the benchmarks: one JSON object per line, optionally compressed with gzip. */
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import { UsageError } from './cliError.ts';
import { readLinesFile } from './readTextFile.ts';

/** A place in a file with the text that stood there: prefix + middle + suffix is the file, line endings as they are in it. */
export interface Position {
  readonly id: string;
  readonly language: string;
  readonly path: string;
  /** `mid_line`, `line`, `block`, … */
  readonly kind: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly middle: string;
  /** Other files of its package, nearest first, for measurements with context. */
  readonly files?: readonly { readonly path: string; readonly text: string }[];
}

/** Reads a positions file. Throws `UsageError` with the number of the first line found wrong. */
export async function readPositions(filePath: string): Promise<readonly Position[]> {
  const text = await readLinesFile(filePath);
  const positions = parsePositions(text);
  if (!positions.ok) {
    throw new UsageError(`${filePath} is not a positions file: ${positions.error}`);
  }
  return positions.value;
}

/**
 * Parses the lines of a positions file; blank lines and fields it does not know are passed over.
 *
 * Errors: one clause with the line's number, from 1.
 */
export function parsePositions(text: string): Result<readonly Position[], string> {
  const positions: Position[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') {
      continue;
    }
    const position = parseLine(line, index + 1);
    if (!position.ok) {
      return err(`line ${index + 1} ${position.error}`);
    }
    positions.push(position.value);
  }
  return positions.length === 0 ? err('it has no positions') : ok(positions);
}

const REQUIRED_FIELDS = ['language', 'kind', 'prefix', 'suffix', 'middle'] as const;

function parseLine(line: string, lineNumber: number): Result<Position, string> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's own message quotes the file; the line's number is enough.
    return err('is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return err('is not a JSON object');
  }
  const row = value as Record<string, unknown>;
  for (const field of REQUIRED_FIELDS) {
    if (typeof row[field] !== 'string') {
      return err(`has no text in the field "${field}"`);
    }
  }
  const { id = lineNumber, path = '' } = row;
  if ((typeof id !== 'string' && typeof id !== 'number') || typeof path !== 'string') {
    return err('has an "id" or "path" that is not text');
  }
  if (row.files !== undefined && !isFileList(row.files)) {
    return err('has "files" that are not a list of {path, text}');
  }
  return ok({ ...(row as unknown as Position), id: String(id), path });
}

function isFileList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (file: { readonly path?: unknown; readonly text?: unknown } | null) =>
        typeof file?.path === 'string' && typeof file.text === 'string',
    )
  );
}
