import { upToWholeWord } from '../../../base/upToWholeWord.ts';
import { isBlank } from '../../syntax/lines.ts';
import type { CleaningPlace, Draft } from '../cleaningRule.ts';
import { dropOpenEnd } from './dropOpenEnd.ts';

/**
 * A text that the token budget cut ends anywhere: its last line goes, and lines before it that only open what never came; a
 * text of one line ends before the word it was cut in. A text that the deadline ended has whole lines only,
 * and one that is shown before it is whole (`first-text`) ends after a whole word and will go on.
 */
export function cutUnfinishedEnd(draft: Draft, { stopReason }: CleaningPlace): Draft {
  if (stopReason === 'deadline') {
    return { ...draft, text: dropOpenEnd(draft.text.split('\n')).join('\n') };
  }
  if (stopReason !== 'max-tokens') {
    return draft;
  }
  const lines = draft.text.split('\n');
  const complete = lines.slice(0, -1);
  if (isBlank(complete.join(''))) {
    return { ...draft, text: [...complete, upToWholeWord(lines.at(-1)!)].join('\n') };
  }
  return { ...draft, text: dropOpenEnd(complete).join('\n') };
}
