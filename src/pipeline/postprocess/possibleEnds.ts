import { isBlank, leadingSpace } from '../syntax/lines.ts';
import type { ScanState } from '../syntax/scanSource.ts';
import { scanSource } from '../syntax/scanSource.ts';
import type { CleaningPlace } from './cleaningRule.ts';

/**
 * What may come after a text that is right so far and stops anywhere, as code does that is being written: its brackets closed,
 * an operand, a body for its header. Likely ones first. Of which sort the text is, is not found out: the grammar tells.
 */
export function possibleEnds(text: string, place: CleaningPlace): readonly string[] {
  const { syntax, state, snapshot, linePrefix, rest } = place;
  const written = scanSource(text, syntax, state);
  const ofText = closersOf(written);
  const ofLine = closersOf(scanSource(linePrefix + text, syntax));
  const lastLine = (linePrefix + text).split('\n').at(-1)!;
  const ends = [CLOSERS, `x${CLOSERS}`, ...(ENDS_BY_LANGUAGE[snapshot.languageId] ?? ENDS_WITH_BRACES)].map((end) =>
    end.replaceAll('\n', `\n${leadingSpace(lastLine)}`),
  );
  // What was opened before the cursor may be closed behind it, or be as unfinished as the text.
  const ofStatement = ofText + closeBrackets(openedAbove(state.brackets, written.unmatched.length));
  const closers = [ofText, withHandler(ofText, text, place), ...(isBlank(rest) ? [ofLine, ofStatement] : [])];
  return [...new Set(closers.flatMap((closer) => ends.map((end) => end.replace(CLOSERS, closer))))].filter(
    (end) => end !== '',
  );
}

/** Stands for what closes the brackets of the text. */
const CLOSERS = '▮';

const ENDS_WITH_BRACES = ['▮;', '▮ {}', ';▮', 'x: x▮', ' x() {}▮', 'x>▮'];
const ENDS_OF_SCRIPTS = [...ENDS_WITH_BRACES, "▮ from 'x'", '▮/'];
const ENDS_BY_LANGUAGE: Readonly<Record<string, readonly string[]>> = {
  css: ['▮ {}', '▮ x {}', ': x;▮'],
  javascript: ENDS_OF_SCRIPTS,
  javascriptreact: ENDS_OF_SCRIPTS,
  python: ['▮ pass', '▮: pass', '▮\ndef x(): pass', '▮\nexcept: pass', '▮\n x'],
  ruby: ['▮\nend', '▮\nend\nend'],
  typescript: ENDS_OF_SCRIPTS,
  typescriptreact: ENDS_OF_SCRIPTS,
};

/** The closers of a text with an open `try`, whose block alone is nothing whole. */
function withHandler(closers: string, text: string, { syntax, snapshot }: CleaningPlace): string {
  const tryAt = [...text.matchAll(/\btry\s*\{/g)].at(-1)?.index;
  if (tryAt === undefined || scanSource(text.slice(tryAt), syntax).brackets.length === 0) {
    return closers;
  }
  const outside = scanSource(text.slice(0, tryAt), syntax).brackets.length;
  const at = closers.length - outside;
  return `${closers.slice(0, at)} ${snapshot.languageId === 'cpp' ? 'catch (...) {}' : 'finally {}'}${closers.slice(at)}`;
}

/** Of the brackets that are open at the cursor those of the statement that it stands in, less as many as the text closes. */
function openedAbove(brackets: readonly string[], closed: number): readonly string[] {
  const outer = brackets.findLastIndex((bracket) => !'(['.includes(bracket));
  return brackets.slice(outer + 1, Math.max(outer + 1, brackets.length - closed));
}

const CLOSER_OF: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '${': '}' };

function closersOf({ frames, brackets }: ScanState): string {
  const frame = frames.at(-1);
  const isOpenText = frame?.kind === 'string' && frame.rule.multiline;
  const inner = frame?.kind === 'comment' ? frame.close : isOpenText ? frame.rule.close : '';
  return inner + closeBrackets(brackets);
}

function closeBrackets(brackets: readonly string[]): string {
  return [...brackets]
    .reverse()
    .map((bracket) => CLOSER_OF[bracket] ?? '')
    .join('');
}
