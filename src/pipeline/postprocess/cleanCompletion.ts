import type { GeneratedText } from '../../inference/protocol.ts';
import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { NoSuggestion, Suggestion } from './suggestion.ts';
import { noSuggestion } from './suggestion.ts';

/**
 * Turns generated text into what the editor shows: no cut-off end, no text that already stands after the cursor, the
 * document's own line endings.
 */
export function cleanCompletion(
  generated: Pick<GeneratedText, 'text' | 'stopReason'>,
  snapshot: DocumentSnapshot,
): Suggestion | NoSuggestion {
  // From nothing the model writes whatever it saw most: a framework's start page, in any language.
  if (snapshot.text.trim() === '') {
    return noSuggestion('blank-document');
  }
  const rest = restOfLine(snapshot);
  const whole = dropUnfinishedLine(generated).trimEnd();
  if (whole.trim() === '') {
    return noSuggestion(generated.stopReason === 'suffix-repeats' ? 'repeats-suffix' : 'empty', generated.stopReason);
  }
  const text = dropOverlap(whole, rest);
  if (text.trim() === '') {
    return noSuggestion('repeats-suffix');
  }
  return { kind: 'suggestion', text: text.replaceAll('\n', snapshot.lineEnding), replaceChars: 0 };
}

/** A text cut by the token budget ends anywhere; its last line is kept only when it is all there is. */
function dropUnfinishedLine(generated: Pick<GeneratedText, 'text' | 'stopReason'>): string {
  const { text, stopReason } = generated;
  const lastLineFeed = text.lastIndexOf('\n');
  if (stopReason !== 'max-tokens' || lastLineFeed === -1 || text.slice(0, lastLineFeed).trim() === '') {
    return text;
  }
  return text.slice(0, lastLineFeed);
}

/**
 * Takes off the end of the text what the rest of the cursor's line already says.
 * ```
 * print(▮)       generated "name)"     shown "name"
 * ```
 */
function dropOverlap(text: string, rest: string): string {
  const following = rest.trimEnd();
  for (let length = Math.min(text.length, following.length); length > 0; length--) {
    if (text.endsWith(following.slice(0, length))) {
      return text.slice(0, text.length - length);
    }
  }
  return text;
}

function restOfLine(snapshot: DocumentSnapshot): string {
  const lineFeed = snapshot.text.indexOf('\n', snapshot.offset);
  return snapshot.text.slice(snapshot.offset, lineFeed === -1 ? undefined : lineFeed);
}
