import { isBlank } from '../../syntax/lines.ts';
import type { CleaningPlace, Draft } from '../cleaningRule.ts';

/** How instruction-tuned models begin to talk about code. */
const TALK =
  /^\s*(sure[,!]|certainly[,!]|of course[,!]|here(’|'| i)s (the|a|an|how|your|my)\b|explanation:|i'm sorry\b|i hope\b|let me know\b|as an ai\b|(this|the above|the following) (code|function|method|class|implementation|script|snippet|example) |in this (code|example|implementation)\b|note that\b|to (use|run) this\b|you can (use|run|replace)\b|please (note|provide|replace)\b|\*\*\w+|#{2,} \w)/i;

/**
 * Chat instead of code: an instruction-tuned model at times explains itself, in prose or with a code fence. In prose, comments
 * and strings the same words belong to the text.
 */
export function cutChat(draft: Draft, { place, linePrefix, snapshot }: CleaningPlace): Draft {
  if (place !== 'code' || snapshot.languageId === 'markdown') {
    return draft;
  }
  const lines = draft.text.split('\n');
  const first = lines.findIndex(
    (line, index) => (index > 0 || isBlank(linePrefix)) && (TALK.test(line) || line.trimStart().startsWith('```')),
  );
  return first === -1 ? draft : { ...draft, text: lines.slice(0, first).join('\n') };
}
