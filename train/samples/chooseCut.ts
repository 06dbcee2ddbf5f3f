/**
 * Where a sample's middle is cut out of a file: at places where people write, and about half of them inside a line, because a
 * model that only ever sees middles that end with their line learns to stop at line ends instead of reading what follows.
 */
import type { Line } from '../../src/engine/stop/lines.ts';
import { indentationWidth, isBlank, splitLines } from '../../src/engine/stop/lines.ts';
import type { Random } from './random.ts';

export type CutKind = 'rest-of-line' | 'in-line' | 'line' | 'lines' | 'block' | 'nothing';

/** UTF-16 offsets of the middle in the text, `end` exclusive; equal where nothing is missing. */
export interface Cut {
  readonly kind: CutKind;
  readonly start: number;
  readonly end: number;
}

/** Lines a cut may begin in, `last` inclusive. */
export interface Region {
  readonly first: number;
  readonly last: number;
}

/** Longest block that is cut out, and longest one of which the rest is. */
const MAX_BLOCK_LINES = 14;
const MAX_BLOCK_LINES_AROUND = 20;
/** Lines of data rather than code. */
const MAX_LINE_CHARS = 240;

/** A cut of the kind that begins in the region, or undefined when a few tries found no place for one. */
export function chooseCut(text: string, kind: CutKind, region: Region, random: Random): Cut | undefined {
  const lines = splitLines(text);
  for (let attempt = 0; attempt < 12; attempt++) {
    const index = random.integer(region.first, Math.min(region.last, lines.length - 1));
    const line = lines[index]!;
    if (isBlank(line.text) || line.text.length > MAX_LINE_CHARS) {
      continue;
    }
    const span = cutAt(kind, lines, index, random);
    const isEmptyAsMeant = span !== undefined && (kind === 'nothing') === (span.start === span.end);
    if (isEmptyAsMeant && (kind === 'nothing' || !isBlank(text.slice(span.start, span.end)))) {
      return { kind, ...span };
    }
  }
  return undefined;
}

/**
 * The same start with another end: with it, only what follows the cursor says how far the middle goes.
 *
 * Undefined when the place has no second end.
 */
export function chooseOtherEnd(text: string, cut: Cut, random: Random): Cut | undefined {
  const lines = splitLines(text);
  const index = lines.findLastIndex((line) => line.start <= cut.start);
  const line = lines[index]!;
  const ends: Cut[] = [];
  if (!isBlank(text.slice(cut.start, line.end))) {
    ends.push({ kind: 'rest-of-line', start: cut.start, end: line.end });
    const inside = wordBoundaries(line).filter((at) => at > cut.start && at < line.end);
    if (inside.length > 0) {
      ends.push({ kind: 'in-line', start: cut.start, end: random.pick(inside) });
    }
  }
  const following = lines.slice(index + 1, index + 5).filter(({ text: content }) => !isBlank(content));
  if (following.length > 0) {
    ends.push({ kind: 'lines', start: cut.start, end: random.pick(following).end });
  }
  const others = ends.filter(({ end }) => end !== cut.end && !isBlank(text.slice(cut.start, end)));
  return others.length === 0 ? undefined : random.pick(others);
}

type Span = Pick<Cut, 'start' | 'end'>;

function cutAt(kind: CutKind, lines: readonly Line[], index: number, random: Random): Span | undefined {
  const line = lines[index]!;
  switch (kind) {
    case 'rest-of-line':
      return { start: placeIn(line, contentStart(line) + 1, line.end - 1, random), end: line.end };
    case 'in-line':
      return cutInLine(line, random);
    case 'line':
      return { start: lineOrEarlierStart(lines, index, random), end: line.end };
    case 'lines':
      return cutLines(lines, index, random);
    case 'block':
      return cutBlock(lines, index, random);
    case 'nothing': {
      const at = random.fraction() < 0.6 ? line.end : placeIn(line, contentStart(line) + 1, line.end, random);
      return { start: at, end: at };
    }
  }
}

/** A span with text after it in its line; often what stands in a pair of brackets, which editors close by themselves. */
function cutInLine(line: Line, random: Random): Span | undefined {
  const brackets = bracketPairs(line);
  if (brackets.length > 0 && random.fraction() < 0.45) {
    const { open, close } = random.pick(brackets);
    return { start: random.fraction() < 0.6 ? open + 1 : placeIn(line, open + 1, close - 1, random), end: close };
  }
  const lastChar = line.start + line.text.trimEnd().length;
  const start = placeIn(line, contentStart(line), lastChar - 2, random);
  if (start >= lastChar - 1) {
    return undefined;
  }
  return { start, end: placeIn(line, start + 1, Math.min(lastChar - 1, start + 60), random) };
}

/** Two to five lines from a line's start or from inside it; at times the last one goes on after the middle. */
function cutLines(lines: readonly Line[], index: number, random: Random): Span | undefined {
  const last = lines[index + random.integer(1, 4)];
  if (last === undefined || isBlank(last.text)) {
    return undefined;
  }
  const line = lines[index]!;
  const start =
    random.fraction() < 0.3
      ? placeIn(line, contentStart(line) + 1, line.end, random)
      : lineOrEarlierStart(lines, index, random);
  const end = random.fraction() < 0.2 ? placeIn(last, contentStart(last) + 1, last.end, random) : last.end;
  return { start, end };
}

/**
 * The deeper lines after line `index`, from the end of that line, from the first of them, or from one inside.
 * ```
 * def total(items):▮
 *     ▮result = 0
 *     ▮return result
 * ```
 */
function cutBlock(lines: readonly Line[], index: number, random: Random): Span | undefined {
  const width = indentationWidth(lines[index]!.text);
  let last = index;
  for (let at = index + 1; at < lines.length; at++) {
    const { text } = lines[at]!;
    if (!isBlank(text) && indentationWidth(text) <= width) {
      break;
    }
    last = isBlank(text) ? last : at;
  }
  if (last === index) {
    return undefined;
  }
  const first = random.fraction() < 0.4 ? random.integer(index + 1, last) : index + 1;
  if (last - index > MAX_BLOCK_LINES_AROUND || last - first >= MAX_BLOCK_LINES || isBlank(lines[first]!.text)) {
    return undefined;
  }
  const start = first === index + 1 && random.fraction() < 0.4 ? lines[index]!.end : contentStart(lines[first]!);
  return { start, end: lines[last]!.end };
}

/** After the indentation, or at the end of the line above, where the line feed is part of what is missing. */
function lineOrEarlierStart(lines: readonly Line[], index: number, random: Random): number {
  const above = lines[index - 1];
  return above !== undefined && !isBlank(above.text) && random.fraction() < 0.35
    ? above.end
    : contentStart(lines[index]!);
}

/** Half the time anywhere, so also inside words; else where a word, a sign or a blank begins. Bounds inclusive. */
function placeIn(line: Line, low: number, high: number, random: Random): number {
  if (high <= low) {
    return low;
  }
  const boundaries = wordBoundaries(line).filter((at) => at >= low && at <= high);
  return boundaries.length === 0 || random.fraction() < 0.5
    ? wholeCharacter(line, random.integer(low, high))
    : random.pick(boundaries);
}

function wordBoundaries(line: Line): readonly number[] {
  return [...line.text.matchAll(/[\p{L}\p{N}_$]+|\s+|[^\s\p{L}\p{N}_$]/gu)].map(({ index }) => line.start + index);
}

/** Never between the two halves of a surrogate pair: no cursor stands there. */
function wholeCharacter(line: Line, offset: number): number {
  const unit = line.text.charCodeAt(offset - line.start);
  return unit >= 0xdc00 && unit <= 0xdfff ? offset - 1 : offset;
}

function contentStart(line: Line): number {
  return line.start + line.text.length - line.text.trimStart().length;
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Offsets of brackets that a line opens and closes, with something between them. */
function bracketPairs(line: Line): readonly { readonly open: number; readonly close: number }[] {
  const pairs: { open: number; close: number }[] = [];
  const waiting: { readonly close: string; readonly at: number }[] = [];
  for (let at = 0; at < line.text.length; at++) {
    const character = line.text[at]!;
    const close = CLOSING[character];
    if (close !== undefined) {
      waiting.push({ close, at });
    } else if (waiting.at(-1)?.close === character) {
      const { at: open } = waiting.pop()!;
      if (at > open + 1) {
        pairs.push({ open: line.start + open, close: line.start + at });
      }
    }
  }
  return pairs;
}
