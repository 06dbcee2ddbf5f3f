/** The trace file of `replay`: what somebody typed, as JSON lines, optionally compressed with gzip. */
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import { UsageError } from './cliError.ts';
import { readLinesFile } from './readTextFile.ts';

export interface TraceFile {
  readonly path: string;
  /** VS Code's language id. */
  readonly language: string;
  /** Text before the first edit, line endings as in the file. */
  readonly initial: string;
  /** It had the focus before the first edit. */
  readonly isOpen: boolean;
}

export interface TraceEdit {
  readonly atMs: number;
  readonly path: string;
  /** UTF-16 offset into the file as the edits before left it, line endings as in the file. */
  readonly offset: number;
  /** The text that the edit takes out. */
  readonly deleted: string;
  readonly inserted: string;
  /** Where the cursor stands afterwards, in the same units. */
  readonly cursor: number;
}

export interface Trace {
  readonly name: string;
  /** The file of the first line first. */
  readonly files: readonly TraceFile[];
  /** At least one, in the order of their times. */
  readonly edits: readonly TraceEdit[];
}

/** Reads a trace file. Throws `UsageError` with the number of the first line found wrong. */
export async function readTrace(filePath: string): Promise<Trace> {
  const text = await readLinesFile(filePath);
  const trace = parseTrace(text, filePath);
  if (!trace.ok) {
    throw new UsageError(`${filePath} is not a trace that can be played: ${trace.error}`);
  }
  return trace.value;
}

/**
 * Parses the lines of a trace and checks that every edit fits the text that the edits before it left.
 *
 * A line with a field `initial` declares a file: `{path, language, initial}`, with `open` true for one that had the focus before
 * the first edit, the earliest first; the first line does. Every other line is an edit:
 * `{t, offset, deleted, inserted}`, `t` in milliseconds and never decreasing, `deleted` the number of UTF-16 units or the
 * text itself. An edit may name a declared file in `path` (left out, it is the first line's) and the offset at which it leaves
 * the cursor in `cursor` (left out, the end of what it inserts). Blank lines and other fields are passed over.
 *
 * Errors: one clause with the line's number, from 1.
 */
export function parseTrace(text: string, name: string): Result<Trace, string> {
  const files: TraceFile[] = [];
  const edits: TraceEdit[] = [];
  const texts = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') {
      continue;
    }
    const row = parseRow(line);
    const outcome = row.ok ? addRow(row.value) : row;
    if (!outcome.ok) {
      return err(`line ${index + 1} ${outcome.error}`);
    }
  }
  return edits.length === 0 ? err('it has no edits') : ok({ name, files, edits });

  function addRow(row: Row): Result<unknown, string> {
    if ('initial' in row || files.length === 0) {
      const file = parseFile(row, texts);
      if (file.ok) {
        files.push(file.value);
        texts.set(file.value.path, file.value.initial);
      }
      return file;
    }
    const edit = parseEdit(row, { texts, firstPath: files[0]!.path, earliestMs: edits.at(-1)?.atMs ?? 0 });
    if (edit.ok) {
      edits.push(edit.value);
      texts.set(edit.value.path, applyEdit(texts.get(edit.value.path)!, edit.value));
    }
    return edit;
  }
}

export function applyEdit(text: string, { offset, deleted, inserted }: TraceEdit): string {
  return text.slice(0, offset) + inserted + text.slice(offset + deleted.length);
}

type Row = Readonly<Record<string, unknown>>;

function parseRow(line: string): Result<Row, string> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's own message quotes the file; the line's number is enough.
    return err('is not JSON');
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? ok(value as Row) : err('is not a JSON object');
}

function parseFile(row: Row, known: ReadonlyMap<string, string>): Result<TraceFile, string> {
  const { path, language, initial } = row;
  for (const field of ['path', 'language', 'initial']) {
    if (typeof row[field] !== 'string') {
      return err(`declares a file and has no text in the field "${field}"`);
    }
  }
  if (known.has(path as string)) {
    return err(`declares the file "${String(path)}" a second time`);
  }
  return ok({ path, language, initial, isOpen: row.open === true } as TraceFile);
}

function parseEdit(
  row: Row,
  before: { readonly texts: ReadonlyMap<string, string>; readonly firstPath: string; readonly earliestMs: number },
): Result<TraceEdit, string> {
  const { t, offset, path = before.firstPath, deleted = 0, inserted = '' } = row;
  if (typeof t !== 'number' || !(t >= 0)) {
    return err('has no time of at least 0 ms in the field "t"');
  }
  if (t < before.earliestMs) {
    return err(`has the time ${t} ms, earlier than the edit before it (${before.earliestMs} ms)`);
  }
  const text = typeof path === 'string' ? before.texts.get(path) : undefined;
  if (typeof path !== 'string' || text === undefined) {
    return err(`names the file ${JSON.stringify(path)}, which no line before it declares`);
  }
  if (typeof inserted !== 'string') {
    return err('has an "inserted" that is not text');
  }
  const end = `${path} (${text.length} UTF-16 units then)`;
  if (!isCount(offset)) {
    return err('has no whole number of at least 0 in the field "offset"');
  }
  if (offset > text.length) {
    return err(`has the offset ${offset}, past the end of ${end}`);
  }
  if (!isCount(deleted) && typeof deleted !== 'string') {
    return err('has a "deleted" that is neither a number of units nor text');
  }
  const deletedUnits = typeof deleted === 'string' ? deleted.length : deleted;
  if (offset + deletedUnits > text.length) {
    return err(`deletes ${deletedUnits} units from offset ${offset}, past the end of ${end}`);
  }
  const deletedText = text.slice(offset, offset + deletedUnits);
  if (typeof deleted === 'string' && deleted !== deletedText) {
    return err(`deletes a text that does not stand at offset ${offset} of ${path}`);
  }
  const { cursor = offset + inserted.length } = row;
  if (!isCount(cursor) || cursor > text.length - deletedUnits + inserted.length) {
    return err(`has a "cursor" that is no offset of ${path} after the edit`);
  }
  return ok({ atMs: t, path, offset, deleted: deletedText, inserted, cursor });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
