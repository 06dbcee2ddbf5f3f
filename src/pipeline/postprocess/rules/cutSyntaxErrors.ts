import type { ParseWindow } from '../../syntax/parseWindow.ts';
import { parseWindow } from '../../syntax/parseWindow.ts';
import { scanSource } from '../../syntax/scanSource.ts';
import type { SourceParser, SyntaxFault, TextInsertion } from '../../syntax/sourceParser.ts';
import type { CleaningPlace, Draft } from '../cleaningRule.ts';
import { possibleEnds } from '../possibleEnds.ts';
import { dropOpenEnd } from './dropOpenEnd.ts';

/** A text with faults on many lines is no better for the first of them. */
const MAX_CUTS = 3;
/** Each takes milliseconds, and the editor waits: what takes more to judge is not judged. */
const MAX_PARSES = 30;
/** What a macro of C stands for, no grammar can know. */
const MACRO = /\b_*[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/;

/**
 * What the grammar finds no place for: the text ends at the last line end up to which it fits. A text that is right must never
 * be lost, so only what is certain counts.
 *
 * - Code that is being typed always has faults, and so has a window cut out of a file: what counts begins and ends on the
 *   lines of the text and is not there without it.
 * - The text may be unfinished in any way in which code is: it is right if some end makes it right (`possibleEnds`).
 * - Where the lines above have faults, the grammar knows too little of the language, or the window cut them.
 */
export function cutSyntaxErrors(draft: Draft, place: CleaningPlace): Draft {
  const { parser, snapshot } = place;
  const hasMacro = /^c(pp)?$/.test(snapshot.languageId) && MACRO.test(place.linePrefix + draft.text);
  // Inside an interpolation the text's end is also the end of a string that is not written yet.
  const isPlainCode = place.place === 'code' && place.state.frames.length === 0;
  const window = parser !== undefined && isPlainCode && !hasMacro ? parseWindow(snapshot) : undefined;
  if (parser === undefined || window === undefined) {
    return draft;
  }
  const check = new SyntaxCheck(place, parser, window, draft.replaceChars);
  let { text } = draft;
  for (let cuts = 0; cuts <= MAX_CUTS; cuts++) {
    const fault = check.firstFault(text);
    if (fault === undefined) {
      return { ...draft, text };
    }
    const lineEnd = text.lastIndexOf('\n', fault - 1);
    if (fault <= 0 || lineEnd <= 0) {
      break;
    }
    text = dropOpenEnd(text.slice(0, lineEnd).split('\n')).join('\n');
  }
  return { ...draft, text: '' };
}

/** The faults that texts bring to one place. */
class SyntaxCheck {
  private readonly place: CleaningPlace;
  private readonly parser: SourceParser;
  private readonly window: ParseWindow;
  private readonly replaceChars: number;
  /** Offset of the cursor's line in the window. */
  private readonly lineStart: number;
  /** Of the document alone; found out only when it is asked for. */
  private known: readonly SyntaxFault[] | undefined;
  private parses = 0;

  constructor(place: CleaningPlace, parser: SourceParser, window: ParseWindow, replaceChars: number) {
    this.place = place;
    this.parser = parser;
    this.window = window;
    this.replaceChars = replaceChars;
    this.lineStart = window.before.length - place.linePrefix.length;
  }

  /** Offset in the text of the first fault that it brings, negative on the line before it; undefined when it brings none. */
  firstFault(text: string): number | undefined {
    const fault = this.faultWith(text, '');
    return fault === undefined ||
      possibleEnds(text, this.place).some((end) => this.faultWith(text, end) === undefined) ||
      this.isAboveInDoubt(text)
      ? undefined
      : fault;
  }

  private faultWith(text: string, end: string): number | undefined {
    const { before, after } = this.window;
    const textEnd = before.length + text.length;
    const whole = before + text + after.slice(this.replaceChars);
    const faults = this.findFaults(whole, end === '' ? undefined : { at: textEnd, inserted: end }) ?? [];
    const fault = faults.find(
      (one) =>
        one.start >= this.lineStart &&
        one.start < textEnd &&
        one.end <= textEnd + end.length &&
        (one.end > before.length || this.knownFaults()?.every(({ start }) => start !== one.start)),
    );
    return fault && fault.start - before.length;
  }

  private isAboveInDoubt(text: string): boolean {
    const { syntax, state } = this.place;
    const closers = scanSource(text, syntax, state).unmatched.length;
    if (closers > 0 && closers > scanSource(this.window.before, syntax).brackets.length) {
      // What they close is out of sight.
      return true;
    }
    return this.knownFaults()?.some(({ end }) => end <= this.lineStart) ?? true;
  }

  private knownFaults(): readonly SyntaxFault[] | undefined {
    this.known ??= this.findFaults(this.window.before + this.window.after);
    return this.known;
  }

  private findFaults(text: string, insertion?: TextInsertion): readonly SyntaxFault[] | undefined {
    this.parses++;
    return this.parses > MAX_PARSES ? undefined : this.parser.findFaults(text, insertion);
  }
}
