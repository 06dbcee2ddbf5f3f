import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { NoSuggestion } from '../postprocess/suggestion.ts';
import { noSuggestion } from '../postprocess/suggestion.ts';
import type { LanguageSyntax } from '../syntax/languageSyntax.ts';
import { syntaxOf } from '../syntax/languageSyntax.ts';
import { isBlank, lineAfter, lineBefore, linesAbove } from '../syntax/lines.ts';
import { scanSource } from '../syntax/scanSource.ts';

/** The suggestion that the user accepted last. */
export interface AcceptedSuggestion {
  readonly documentId: string;
  /** UTF-16 offset right after the accepted text, in a text with line feeds only. */
  readonly endOffset: number;
}

/**
 * Whether the cursor still stands where an accept put it and the accepted text ended its statement: the user goes to the next
 * line by hand, and a suggestion here would only be in the way. The command is answered all the same.
 */
export function refuseAfterAccept(
  accepted: AcceptedSuggestion | undefined,
  snapshot: DocumentSnapshot,
  isExplicit: boolean,
): NoSuggestion | undefined {
  const isThere = accepted?.documentId === snapshot.documentId && accepted.endOffset === snapshot.offset;
  return isThere && !isExplicit && endsStatement(snapshot) ? noSuggestion('statement-ended') : undefined;
}

/** Whether the cursor's line holds a whole statement and nothing more is due on it. */
export function endsStatement(snapshot: DocumentSnapshot): boolean {
  const syntax = syntaxOf(snapshot.languageId);
  const line = lineBefore(snapshot);
  if (syntax === undefined || isBlank(line) || !isBlank(lineAfter(snapshot))) {
    return false;
  }
  const state = scanSource(line, syntax);
  if (state.frames.length > 0) {
    return false;
  }
  const code = line.trimEnd();
  if (/[;}]$/.test(code) || (syntax.openingWords !== undefined && /^\s*(end|done|fi|esac)$/.test(code))) {
    return state.brackets.length === 0;
  }
  return (
    syntax.statementEnd === 'line' &&
    !usesSemicolons(snapshot, syntax) &&
    state.brackets.length === 0 &&
    !isOpenAtEnd(code, syntax)
  );
}

/** Operators, commas and openers ask for more; so does a keyword alone. */
function isOpenAtEnd(code: string, syntax: LanguageSyntax): boolean {
  return (
    /([=+\-*/%&|^<>!?,.\\([{:@]|\b(and|or|not|in|is|as|return|import|from|new|else|await|yield|if|const|let|var))$/.test(
      code,
    ) || syntax.openingWords?.test(code) === true
  );
}

/** Where semicolons are optional, the lines above show whether the file uses them. */
function usesSemicolons(snapshot: DocumentSnapshot, syntax: LanguageSyntax): boolean {
  return syntax.regularExpressions === true && linesAbove(snapshot, 30).some((line) => /;\s*$/.test(line));
}
