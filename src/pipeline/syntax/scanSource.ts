/**
 * A lexical scanner: where in a text code, comments and strings are, and which brackets stay open. It goes from the start of
 * a text to its end and can go on from there into another text, as a file goes on from the text before the cursor.
 */
import type { LanguageSyntax, StringRule } from './languageSyntax.ts';

/** What the scanner is inside of. `code` is the code of an interpolation, inside a string. */
type Frame =
  | { readonly kind: 'comment'; readonly close: string }
  | { readonly kind: 'string'; readonly rule: StringRule; readonly startsLine: boolean }
  | { readonly kind: 'code' };

/** Between two characters of a text. */
export interface ScanState {
  /** Innermost last; empty in plain code. */
  readonly frames: readonly Frame[];
  /** Brackets that are open, as written, innermost last; `${` and its like stand for an interpolation. */
  readonly brackets: readonly string[];
  /** Closing brackets that closed nothing in the scanned text, in order. */
  readonly unmatched: readonly UnmatchedCloser[];
}

export interface UnmatchedCloser {
  readonly closer: string;
  /** UTF-16 offset in the scanned text. */
  readonly offset: number;
}

const INTERPOLATION = '${';

const OPENER_OF: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** The state after `text`, which begins in the middle of what `start` is inside of. `brackets` and `unmatched` are of `text` alone. */
export function scanSource(
  text: string,
  syntax: LanguageSyntax,
  start: Pick<ScanState, 'frames'> = IN_CODE,
): ScanState {
  const scanner = new Scanner(text, syntax, start.frames);
  scanner.run();
  return { frames: scanner.frames, brackets: scanner.brackets, unmatched: scanner.unmatched };
}

export const IN_CODE: Pick<ScanState, 'frames'> = { frames: [] };

class Scanner {
  readonly frames: Frame[];
  readonly brackets: string[] = [];
  readonly unmatched: UnmatchedCloser[] = [];
  private readonly text: string;
  private readonly syntax: LanguageSyntax;
  /** Where something other than plain code may begin. */
  private readonly notable: RegExp;
  private at = 0;

  constructor(text: string, syntax: LanguageSyntax, frames: readonly Frame[]) {
    this.text = text;
    this.syntax = syntax;
    this.frames = [...frames];
    this.notable = notableCharacters(syntax);
  }

  run(): void {
    while (this.at < this.text.length) {
      const frame = this.frames.at(-1);
      if (frame === undefined || frame.kind === 'code') {
        this.stepCode();
      } else if (frame.kind === 'comment') {
        this.stepComment(frame.close);
      } else {
        this.stepString(frame.rule);
      }
    }
  }

  private stepComment(close: string): void {
    const end = this.text.indexOf(close, this.at);
    if (end === -1) {
      this.at = this.text.length;
      return;
    }
    this.frames.pop();
    this.at = end + close.length;
  }

  private stepString(rule: StringRule): void {
    const { text, at } = this;
    if (!rule.raw && text[at] === '\\') {
      this.at += 2;
    } else if (text.startsWith(rule.close, at)) {
      this.frames.pop();
      this.at += rule.close.length;
    } else if (text[at] === '\n' && !rule.multiline) {
      this.frames.pop();
      this.at++;
    } else if (rule.interpolation !== undefined && text.startsWith(rule.interpolation, at)) {
      this.brackets.push(INTERPOLATION);
      this.frames.push({ kind: 'code' });
      this.at += rule.interpolation.length;
    } else {
      this.at++;
    }
  }

  private stepCode(): void {
    this.notable.lastIndex = this.at;
    this.at = this.notable.exec(this.text)?.index ?? this.text.length;
    const { text, at, syntax } = this;
    const character = text[at];
    if (character === undefined) {
      return;
    }
    const block = syntax.blockComments.find(([open]) => text.startsWith(open, at));
    if (block !== undefined) {
      this.frames.push({ kind: 'comment', close: block[1] });
      this.at += block[0].length;
      return;
    }
    const lineComment = syntax.lineComments.find((open) => text.startsWith(open, at));
    if (lineComment !== undefined && (!syntax.commentNeedsSpace || isSpace(text[at - 1]))) {
      this.frames.push({ kind: 'comment', close: '\n' });
      this.at += lineComment.length;
      return;
    }
    const string = syntax.strings.find((rule) => text.startsWith(rule.open, at));
    if (string !== undefined) {
      this.openString(string);
      return;
    }
    if (character === '/' && syntax.regularExpressions && this.skipRegularExpression()) {
      return;
    }
    this.stepBracket(character);
    this.at++;
  }

  private openString(rule: StringRule): void {
    const { text, at } = this;
    if (rule.singleCharacter) {
      // Anything else after the quote is a lifetime, a label or a digit separator.
      const literal = /^'(\\[^\n]{1,9}?|[^\\'\n])'/u.exec(text.slice(at, at + 14));
      this.at += literal === null || /\w/.test(text[at - 1] ?? '') ? 1 : literal[0].length;
      return;
    }
    const lineStart = text.lastIndexOf('\n', at - 1) + 1;
    const startsLine = text.slice(at === 0 ? 0 : lineStart, at).trim() === '';
    this.frames.push({ kind: 'string', rule, startsLine });
    this.at += rule.open.length;
  }

  private stepBracket(character: string): void {
    if ('([{'.includes(character)) {
      this.brackets.push(character);
      return;
    }
    const opener = OPENER_OF[character];
    if (opener === undefined) {
      return;
    }
    const interpolation = this.brackets.lastIndexOf(INTERPOLATION);
    // A bracket that is being typed may still lack its closer: what closes an outer one closes it too.
    const match = this.brackets.lastIndexOf(opener);
    if (match > interpolation) {
      this.brackets.length = match;
    } else if (character === '}' && this.frames.at(-1)?.kind === 'code') {
      this.frames.pop();
      if (interpolation === -1) {
        this.unmatched.push({ closer: character, offset: this.at });
      } else {
        this.brackets.length = interpolation;
      }
    } else {
      this.unmatched.push({ closer: character, offset: this.at });
    }
  }

  /** Whether a slash began a regular expression, which is then passed. */
  private skipRegularExpression(): boolean {
    const before = this.text.slice(Math.max(0, this.at - 20), this.at).trimEnd();
    if (before !== '' && !/[([{,;=:!&|?<>+\-*%~^]$|\b(return|typeof|case|in|of|do|else)$/.test(before)) {
      return false;
    }
    const lineEnd = this.text.indexOf('\n', this.at);
    const line = this.text.slice(this.at, lineEnd === -1 ? undefined : lineEnd);
    const literal = /^\/(?![*/])(\\.|\[(\\.|[^\]\\])*\]|[^/\\[])+\/[a-z]*/.exec(line);
    if (literal === null) {
      return false;
    }
    this.at += literal[0].length;
    return true;
  }
}

function notableCharacters(syntax: LanguageSyntax): RegExp {
  const openers = [
    ...syntax.lineComments,
    ...syntax.blockComments.map(([open]) => open),
    ...syntax.strings.map(({ open }) => open),
  ];
  const characters = new Set(`()[]{}${syntax.regularExpressions ? '/' : ''}${openers.map((open) => open[0]).join('')}`);
  return new RegExp(`[${[...characters].map((character) => `\\${character}`).join('')}]`, 'g');
}

function isSpace(character: string | undefined): boolean {
  return character === undefined || /\s/.test(character);
}
