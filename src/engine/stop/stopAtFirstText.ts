import { upToWholeWord } from '../../base/upToWholeWord.ts';
import { stopAtDeadline } from './stopAtDeadline.ts';
import type { Stop } from './stopRule.ts';

/** Less says nothing; blanks do not count. */
const FEWEST_CHARS = 3;

/**
 * Where a text is cut to be shown before it is whole: after its last whole line or, while the first one is being written, after
 * its last whole word. Undefined while there is too little of it.
 */
export function stopAtFirstText(text: string): Stop | undefined {
  const keep = stopAtDeadline(text)?.keep ?? upToWholeWord(text).trimEnd().length;
  return text.slice(0, keep).replace(/\s/g, '').length < FEWEST_CHARS ? undefined : { keep, reason: 'first-text' };
}
